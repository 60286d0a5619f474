// Package notebooks holds the lessons. Its tests execute each one as a student would, and check
// that what it says is what came out.
package notebooks
