package nn

// OnlyXLA makes all convolutions use XLA's own, until restore is called.
func OnlyXLA() (restore func()) {
	fold, tile := foldUpTo, tileUpTo
	foldUpTo, tileUpTo = 0, 0
	return func() { foldUpTo, tileUpTo = fold, tile }
}
