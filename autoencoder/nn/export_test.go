package nn

// WithoutFolding makes convolutions be XLA's, until restore.
func WithoutFolding() (restore func()) {
	old := foldUpTo
	foldUpTo = 0
	return func() { foldUpTo = old }
}
