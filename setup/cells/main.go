// Command cells imports what the cells of the lessons can import. The set-up builds it in a cell's environment, so that what a
// first cell needs is in Go's cache already; it is never run. A package that a lesson imports has to be here: a test holds it.
package main

import (
	_ "bytes"
	_ "context"
	_ "errors"
	_ "fmt"
	_ "image"
	_ "image/color"
	_ "image/png"
	_ "io"
	_ "iter"
	_ "maps"
	_ "math"
	_ "math/rand"
	_ "math/rand/v2"
	_ "os"
	_ "os/signal"
	_ "path/filepath"
	_ "slices"
	_ "sort"
	_ "strconv"
	_ "strings"
	_ "sync"
	_ "time"

	_ "github.com/gomlx/gomlx/core/graph"
	_ "github.com/gomlx/gomlx/core/tensors"
	_ "github.com/gomlx/gomlx/ml/layers"
	_ "github.com/gomlx/gomlx/ml/layers/norm"
	_ "github.com/gomlx/gomlx/ml/model"
	_ "github.com/gomlx/gomlx/ml/train"
	_ "github.com/gomlx/gomlx/ml/train/optimizer"
	_ "github.com/janpfeifer/gonb/gonbui"
	_ "gonum.org/v1/gonum/stat"

	_ "autoencoders/autoencoder"
	_ "autoencoders/autoencoder/nn"
	_ "autoencoders/cell"
	_ "autoencoders/course"
	_ "autoencoders/datasets"
	_ "autoencoders/exercise"
	_ "autoencoders/images"
	_ "autoencoders/measure"
	_ "autoencoders/plots"
)

func main() {}
