//go:build !race

package autoencoder_test

const underRace = false
