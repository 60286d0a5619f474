// Package rules tests what holds for the source of all packages of this module: which of them may import which, and that
// none of them prints.
package rules
