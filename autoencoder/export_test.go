package autoencoder

// What the tests of package autoencoder_test see of the inside.
var (
	ReadSafetensors  = readSafetensors
	WriteSafetensors = writeSafetensors
)
