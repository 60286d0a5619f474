// Package lessons tests the notebooks of the folder notebooks: it runs each one as a student would, and checks that what it
// says is what came out, that figures and prose have the form that readers need, and that links lead somewhere.
package lessons
