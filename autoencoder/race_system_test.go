//go:build race && system

package autoencoder_test

// underRace says that the race detector is on, whose own memory grows with the program's.
const underRace = true
