// Package lessons tests the lessons as a reader uses them, in a real JupyterLab: run, stopped, restarted, exported, with the
// keyboard alone and in two notebooks at once. The tests that stop a training do not run in parallel with others: on a busy
// machine the training could end before the test has seen its first epochs.
package lessons
