package autoencoder

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Train trains the model on images train, [n, height, width, channels], and measures it on test
// after each epoch. It returns an iterator: nothing runs until a range asks for it.
//
//	for epoch, err := range m.Train(train, test, autoencoder.Tutorial()) {
//		…
//	}
//
// Each Epoch arrives with its weights already in m.Dir. Leaving the loop, an interrupt (SIGINT, a
// kernel's stop button, which ends the loop with [ErrInterrupted]) or a kill cost the unfinished
// epoch only: the same call goes on from the last finished one, to the bit as if it had not been
// stopped, and says so in Epoch.Note. More Epochs than were run go on too. A finished run trains
// anew, as does one whose layers, images or Config differ; the old weights stay until the new run's
// first epoch is on disk and are then in Dir.previous. A run goes on from weights that
// [Model.ImportPyTorch] brought, as from its epoch 0.
//
// An error ends the loop. A loss that is not finite is one; it names epoch and step, and the weights
// on disk stay those of the last good epoch.
func (m Model) Train(train, test *tensors.Tensor, c Config) iter.Seq2[Epoch, error] {
	return func(yield func(Epoch, error) bool) {
		interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		start := time.Now()
		t, err := m.newTrainer(train, test, c)
		if err != nil {
			yield(Epoch{}, err)
			return
		}
		defer t.close()
		if err := t.start(); err != nil {
			yield(Epoch{}, err)
			return
		}
		for t.run.done() < c.Epochs {
			epoch, err := t.epoch(interrupted)
			if err != nil {
				yield(Epoch{}, err)
				return
			}
			epoch.Elapsed = time.Since(start)
			if err := t.keep(epoch); err != nil {
				yield(Epoch{}, err)
				return
			}
			if !yield(epoch, nil) {
				return
			}
			start = time.Now()
		}
	}
}

// ErrInterrupted is wrapped by the error of a Train that was stopped by SIGINT.
var ErrInterrupted = errors.New("stopped")

// trainer is a run of Train.
type trainer struct {
	model       Model
	config      Config
	backend     compute.Backend
	network     *network
	train, test *tensors.Tensor
	run         run
	note        string // for the next epoch
	begun       bool   // whether Dir holds this run's weights already
	unlock      func() // gives the folder back; nil: not taken
	store       *model.Store
	steps       *steps
	evaluator   *evaluator
}

func (m Model) newTrainer(train, test *tensors.Tensor, c Config) (*trainer, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := checkImages("the training images", train); err != nil {
		return nil, err
	}
	if err := checkImages("the test images", test); err != nil {
		return nil, err
	}
	image := train.Shape().Dimensions[1:]
	if got := test.Shape().Dimensions[1:]; fmt.Sprint(got) != fmt.Sprint(image) {
		return nil, fmt.Errorf("autoencoder: the test images are %v, the training images %v", got, image)
	}
	b, err := Backend()
	if err != nil {
		return nil, err
	}
	n, err := m.trace(b, image)
	if err != nil {
		return nil, err
	}
	if err := n.checkPixels("the training images", train); err != nil {
		return nil, err
	}
	if err := n.checkPixels("the test images", test); err != nil {
		return nil, err
	}
	c.BatchSize = min(c.BatchSize, train.Shape().Dimensions[0])
	t := &trainer{model: m, config: c, backend: b, network: n, train: train, test: test}
	return t, t.fits()
}

// start takes the folder, and makes ready what the epochs need: weights, program, evaluator. After an
// error, too, t is to be closed.
func (t *trainer) start() (err error) {
	if t.unlock, err = t.model.lock(); err != nil {
		return err
	}
	state, err := t.begin()
	if err != nil {
		return err
	}
	if t.store, err = t.network.storeOf(state.weights, t.config.Seed); err != nil {
		return err
	}
	if err := t.compile(state.optimizer); err != nil {
		return err
	}
	t.evaluator = t.model.newEvaluator(t.backend, t.store, t.network)
	t.note = join(t.note, backendNote(t.backend))
	return nil
}

func checkImages(which string, x *tensors.Tensor) error {
	switch {
	case x == nil || !x.Ok():
		return fmt.Errorf("autoencoder: %s are missing", which)
	case x.Rank() != 4:
		return fmt.Errorf("autoencoder: %s have the shape %v, not [n, height, width, channels]", which, x.Shape().Dimensions)
	case x.DType() != dtypes.Float32:
		return fmt.Errorf("autoencoder: %s are %s, not float32", which, x.DType())
	case x.Shape().Size() == 0:
		return fmt.Errorf("autoencoder: %s are empty: %v", which, x.Shape().Dimensions)
	}
	return nil
}

func join(notes ...string) string {
	var kept []string
	for _, note := range notes {
		if note != "" {
			kept = append(kept, note)
		}
	}
	return strings.Join(kept, "; ")
}

// ingredients is what a run is made of, in the words of a note.
var ingredients = []string{"the layers", "the loss or the noise", "the training images", "the test images",
	"BatchSize", "LearningRate", "WeightDecay", "Shuffle", "Seed"}

func (t *trainer) made() map[string]string {
	c := t.config
	values := []any{t.network.layers, t.network.objective, checksum(t.train), checksum(t.test),
		c.BatchSize, c.LearningRate, c.WeightDecay, c.Shuffle, c.Seed}
	made := map[string]string{}
	for i, name := range ingredients {
		made[name] = fmt.Sprint(values[i])
	}
	return made
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(x *tensors.Tensor) string {
	h := crc32.New(castagnoli) // in hardware: the training images take some 20 ms
	if err := x.ConstBytes(func(data []byte) { h.Write(data) }); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%v %08x", x.Shape().Dimensions, h.Sum32())
}

// begin decides where the run starts: from the checkpoint in the folder, or anew.
func (t *trainer) begin() (*checkpoint, error) {
	c := t.config
	t.run = run{Format: checkpointFormat, Image: t.network.image, Planned: c.Epochs, Made: t.made()}
	old, err := t.model.load()
	if err == nil {
		changed := ""
		for _, name := range ingredients {
			if old.run.Made[name] != t.run.Made[name] {
				changed = join(changed, name)
			}
		}
		done := old.run.done()
		imported := old.run.Imported != "" && done == 0
		switch {
		case imported && old.match(t.network, t.model.Dir) == nil:
			t.run.Imported, t.begun = old.run.Imported, true
			t.note = fmt.Sprintf("begun with the weights imported from %s", old.run.Imported)
			return old, nil
		case imported:
			t.note = fmt.Sprintf("begun anew: the layers are not those of the weights imported from %s, which are in %s", old.run.Imported, t.model.previous())
		case changed != "":
			t.note = fmt.Sprintf("begun anew: changed since the last run: %s; its weights are in %s", strings.ReplaceAll(changed, ";", ","), t.model.previous())
		case done >= old.run.Planned && c.Epochs <= done:
			t.note = fmt.Sprintf("trained anew: the last run was finished; its weights are in %s", t.model.previous())
		case c.Epochs <= done:
			t.note = fmt.Sprintf("begun anew: %d epochs were kept, more than the %d asked for now; their weights are in %s", done, c.Epochs, t.model.previous())
		default:
			if err := old.match(t.network, t.model.Dir); err != nil {
				return nil, err
			}
			t.run.History, t.run.Imported, t.begun = old.run.History, old.run.Imported, true
			t.note = fmt.Sprintf("resumed: %s of %d kept in %s", epochs(done), c.Epochs, t.model.Dir)
			return old, nil
		}
	} else if untrained := (errUntrained{}); !errors.As(err, &untrained) {
		return nil, err
	}
	if err == nil && old.run.Imported != "" && old.run.done() > 0 {
		t.note += fmt.Sprintf("; the initial weights are new, not those imported from %s", old.run.Imported)
	}
	weights, err := t.network.initialValues(t.backend, c.Seed)
	return &checkpoint{weights: weights}, err
}

func epochs(n int) string {
	if n == 1 {
		return "1 epoch"
	}
	return fmt.Sprintf("%d epochs", n)
}

// compile builds the program of the steps: gather the batch, forward, loss, gradient, AdamW.
func (t *trainer) compile(state map[string]*tensors.Tensor) error {
	c := t.config
	adamW := optimizer.Adam().LearningRate(c.LearningRate).Epsilon(1e-8).WeightDecay(c.WeightDecay).Done()
	steps, err := compileSteps(t.backend, t.store, func(scope *model.Scope, images, indices, count *graph.Node) *graph.Node {
		x := graph.Gather(images, graph.InsertAxes(indices, -1), false) // [batch, height, width, channels]
		loss := meanLoss(t.model.objective(scope, x).total(), count)
		adamW.UpdateGraph(scope, x.Graph(), loss)
		return loss
	}, t.train.Shape(), c.BatchSize, !t.network.scalar)
	if err != nil {
		return err
	}
	t.steps = steps
	// What AdamW added to the store begins at zero, or as it was when the run stopped.
	for v := range t.store.IterVariables() {
		if v.Trainable || v.Name() == model.RNGStateVariableName {
			continue
		}
		value, ok := state[v.Path()]
		if !ok && v.HasValue() {
			continue
		}
		if !ok {
			value = tensors.FromShape(v.Shape())
		}
		if err := v.SetValue(value); err != nil {
			return plain(err)
		}
	}
	return nil
}

// meanLoss is the mean over the first count images of a batch; the rest of it is padding. So the
// last, smaller batch of an epoch runs in the same program, and pads cost it nothing: weight 0 in
// the loss is weight 0 in the gradient.
func meanLoss(losses, count *graph.Node) *graph.Node {
	if losses.Rank() == 0 {
		return losses
	}
	return graph.Div(sumLoss(losses, count), count)
}

func sumLoss(losses, count *graph.Node) *graph.Node {
	position := graph.Iota(losses.Graph(), losses.Shape(), 0)
	valid := graph.LessThan(position, graph.BroadcastToShape(count, losses.Shape()))
	return graph.ReduceAllSum(graph.Where(valid, losses, graph.ZerosLike(losses)))
}

// epoch runs one pass over the training images and the test.
func (t *trainer) epoch(interrupted context.Context) (Epoch, error) {
	number := t.run.done() + 1
	e := Epoch{Number: number, Epochs: t.config.Epochs, Note: t.note}
	order := t.order(number)
	if err := t.store.SetRNGStateFromSeed(mix(t.config.Seed, number)); err != nil {
		return e, plain(err)
	}
	batch := t.config.BatchSize
	all := (len(order) + batch - 1) / batch
	progress := t.progress(all)
	var sum float64
	for done, n := 0, 1; done < all; {
		if interrupted.Err() != nil {
			return e, t.stopped(number)
		}
		n = min(n, all-done)
		begun, images := time.Now(), order[done*batch:min((done+n)*batch, len(order))]
		losses, err := t.steps.run(t.train, images)
		if err != nil {
			return e, plain(err)
		}
		for i, loss := range tensors.MustCopyFlatData[float32](losses)[:n] {
			e.LastLoss = float64(loss)
			if math.IsNaN(e.LastLoss) || math.IsInf(e.LastLoss, 0) {
				return e, t.notFinite(e.LastLoss, fmt.Sprintf("in epoch %d, step %d", number, done+i+1))
			}
			sum += e.LastLoss * float64(min(batch, len(images)-i*batch))
		}
		done += n
		progress(done)
		// More steps in the next call, but so few that who presses the stop button does not wait.
		if time.Since(begun) < 25*time.Millisecond {
			n = min(2*n, t.steps.size)
		}
	}
	e.Loss = sum / float64(len(order))
	tested, err := t.evaluator.evaluate(t.test)
	if err != nil {
		return e, err
	}
	e.TestLoss, e.Reconstruction, e.KL = tested.loss(), tested.reconstruction, tested.kl
	if math.IsNaN(e.TestLoss) || math.IsInf(e.TestLoss, 0) {
		return e, t.notFinite(e.TestLoss, fmt.Sprintf("on the test images after epoch %d", number))
	}
	return e, nil
}

// order is the order of the training images in an epoch. It depends on seed and epoch alone, so a
// run that goes on needs no memory of the epochs before.
func (t *trainer) order(epoch int) []int32 {
	order := make([]int32, t.train.Shape().Dimensions[0])
	for i := range order {
		order[i] = int32(i)
	}
	if t.config.Shuffle {
		random := rand.New(rand.NewPCG(uint64(t.config.Seed), uint64(epoch)))
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	return order
}

// mix gives each epoch a seed of its own for the noise.
func mix(seed int64, epoch int) int64 {
	return rand.New(rand.NewPCG(uint64(seed), uint64(epoch))).Int64()
}

func (t *trainer) progress(steps int) func(step int) {
	var last time.Time
	return func(step int) {
		if t.config.Progress == nil || time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		t.config.Progress(step, steps)
	}
}

// keep writes the checkpoint of a finished epoch.
func (t *trainer) keep(e Epoch) error {
	if !t.begun {
		if err := t.model.keepPrevious(); err != nil {
			return err
		}
		t.begun = true
	}
	t.note = ""
	t.run.History = append(t.run.History, e)
	c := &checkpoint{weights: map[string]*tensors.Tensor{}, optimizer: map[string]*tensors.Tensor{}, run: t.run}
	for _, p := range t.network.parameters {
		c.weights[p.name] = t.store.GetVariable(p.path).MustValue()
	}
	for v := range t.store.IterVariables() {
		if !v.Trainable && v.Name() != model.RNGStateVariableName {
			c.optimizer[v.Path()] = v.MustValue()
		}
	}
	return t.model.save(c)
}

func (t *trainer) stopped(epoch int) error {
	if t.run.done() == 0 {
		return fmt.Errorf("autoencoder: %w in epoch %d, before it was finished: nothing is kept yet", ErrInterrupted, epoch)
	}
	return fmt.Errorf("autoencoder: %w in epoch %d: %s of %d kept in %s, run the cell again to go on from there",
		ErrInterrupted, epoch, epochs(t.run.done()), t.config.Epochs, t.model.Dir)
}

func (t *trainer) notFinite(loss float64, where string) error {
	kept := "no weights were kept"
	if t.begun && t.run.done() > 0 {
		kept = fmt.Sprintf("%s keeps the weights of epoch %d", t.model.Dir, t.run.done())
	}
	advice := fmt.Sprintf("try a smaller LearningRate than %g", t.config.LearningRate)
	if t.network.unit {
		advice = "BCE takes outputs in [0, 1]: end the Decoder with nn.Sigmoid(); if it does, " + advice
	}
	return fmt.Errorf("autoencoder: the loss is %g %s: %s; %s", loss, where, advice, kept)
}

func (t *trainer) close() {
	if t.steps != nil {
		t.steps.close()
	}
	if t.evaluator != nil {
		t.evaluator.close()
	}
	if t.store != nil {
		t.store.Finalize()
	}
	if t.unlock != nil {
		t.unlock()
	}
}
