// Package kernel tests what the kernel promises to a class, as tests that type, click and watch in a real JupyterLab:
// messages that a beginner can act on, output that is bounded and can always be stopped, variables that cannot take the
// other cells with them, and nothing left behind. The kernel itself is GoNB with the patches of setup/gonb, which bring
// the tests of their parts.
package kernel
