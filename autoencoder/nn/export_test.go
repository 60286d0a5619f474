package nn

// WithoutFolding makes convolutions be XLA's, until restore.
func WithoutFolding() (restore func()) {
	old := foldedChannels
	foldedChannels = 0
	return func() { foldedChannels = old }
}
