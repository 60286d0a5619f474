package nn

// OnlyXLA makes convolutions be XLA's, until restore.
func OnlyXLA() (restore func()) {
	fold, tile := foldUpTo, tileUpTo
	foldUpTo, tileUpTo = 0, 0
	return func() { foldUpTo, tileUpTo = fold, tile }
}
