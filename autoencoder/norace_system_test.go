//go:build !race && system

package autoencoder_test

const underRace = false
