package autoencoder

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"autoencoders/internal/memory"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Train returns an iterator that trains the model on the images in train, one epoch for each turn of the
// loop that ranges over it, and evaluates it on the images in test after each epoch. Both are
// [n, height, width, channels]. Nothing runs until a loop ranges over the iterator.
//
//	for epoch, err := range m.Train(train, test, autoencoder.Tutorial()) {
//		…
//	}
//
// When an Epoch arrives, its weights have already been written to m.Dir. If the loop ends early, because
// of a break, an interrupt or a killed process, only the current epoch is lost: the next call with the
// same model, images and Config resumes after the last complete epoch and gives the numbers of an
// uninterrupted run, bit for bit. A Config with more Epochs continues a complete run. Epoch.Note says
// what was resumed.
//
// Train starts from scratch if the previous run is complete, or if the layers, the loss, the images or
// the Config have changed, and says why in Epoch.Note. The previous weights stay in m.Dir until the first
// new epoch is saved, and are then in m.Dir + ".previous". Weights that [Model.ImportPyTorch] brought are
// epoch 0 of a run.
//
// An error is always the last value. It wraps [ErrInterrupted] if the run was interrupted (see
// Config.Context), [ErrBusy] if another Train writes into m.Dir, [ErrNotFinite] if a pixel or a loss is
// NaN or infinite, and [ErrDamaged] if the checkpoint in m.Dir is. In all of these cases the weights of
// the last complete epoch stay on disk.
//
// Where [PretrainedVariable] is set, a complete run is replayed from its record instead of trained again.
//
// The training loss includes what layers add to it themselves, such as the regularizers of GoMLX;
// TestLoss does not.
func (m Model) Train(train, test *tensors.Tensor, c Config) iter.Seq2[Epoch, error] {
	return func(yield func(Epoch, error) bool) {
		t := &trainer{model: m, config: c, train: train, test: test, interrupt: listen(c.Context)}
		defer func() { _ = t.interrupt.close() }() // should the loop's body panic
		left, err := t.run(yield)
		stopped := t.interrupt.close() // whenever it came, also after the last epoch
		if err == nil && stopped != nil {
			err = t.stopped(stopped)
		}
		if err != nil && !left {
			if errors.Is(err, ErrInterrupted) {
				t.interrupt.told()
			}
			yield(Epoch{}, err)
		}
	}
}

// trainer is a run of Train.
type trainer struct {
	model       Model
	config      Config
	folder      string
	backend     compute.Backend
	network     *network
	train, test *tensors.Tensor
	interrupt   *interrupt
	onDevice    bool // the training images were on the device before the run
	record      run
	from        map[string]*tensors.Tensor // the weights of Config.From; nil: there are none
	note        string                     // for the next epoch
	pixels      string                     // the part of note that is about the images
	replayNote  string                     // the part that says why the run was not replayed
	begun       bool                       // whether the folder holds this run's weights already
	bestBegun   bool                       // whether the folder of the best epoch does
	bestLoss    float64
	unlock      []func() // each returns a folder that was taken
	store       *model.Store
	steps       *steps
	rate        *model.Variable // the learning rate
	evaluator   *evaluator
	testBatches []batch
}

// batch is a part of some images, of which the first count matter.
type batch struct {
	x     *tensors.Tensor
	count int
}

// run trains, and reports whether the caller left the loop. It releases everything when it returns.
func (t *trainer) run(yield func(Epoch, error) bool) (left bool, err error) {
	start := time.Now()
	defer t.close()
	for _, step := range []func() error{t.check, t.takeFolder, t.identify} {
		if err := t.goOn(); err != nil {
			return false, err
		}
		if err := step(); err != nil {
			return false, err
		}
	}
	switch epochs, err := t.replayable(); {
	case err != nil:
		return false, err
	case epochs != nil:
		return t.replay(epochs, yield)
	}
	if err := t.begin(); err != nil {
		return false, err
	}
	for t.record.done() < t.config.Epochs {
		epoch, err := t.epoch()
		if err != nil {
			return false, err
		}
		epoch.Elapsed = time.Since(start)
		if err := t.save(epoch); err != nil {
			return false, err
		}
		if !yield(epoch, nil) {
			return true, nil
		}
		start = time.Now()
	}
	return false, nil
}

// goOn returns an error if the run has to stop.
func (t *trainer) goOn() error {
	if why := t.interrupt.stopped(); why != nil {
		return t.stopped(why)
	}
	return nil
}

// check traces the network, and reports what is wrong with model, images or Config before anything is changed.
func (t *trainer) check() (err error) {
	if err := t.config.check(); err != nil {
		return err
	}
	if t.folder, err = t.model.folder(); err != nil {
		return err
	}
	const trainingImages, testImages = "the training images", "the test images"
	p, err := checkImages(trainingImages, t.train)
	if err != nil {
		return err
	}
	q, err := checkImages(testImages, t.test)
	if err != nil {
		return err
	}
	image := t.train.Shape().Clone().Dimensions[1:]
	if got := t.test.Shape().Dimensions[1:]; !slices.Equal(got, image) {
		return fmt.Errorf("autoencoder: the test images are %v, but the training images are %v", got, image)
	}
	if t.backend, err = Backend(); err != nil {
		return err
	}
	if t.network, err = t.model.trace(t.backend, image); err != nil {
		return err
	}
	if len(t.config.KLWeights) > 0 && len(t.network.posteriors) == 0 {
		return errors.New("autoencoder: Config.KLWeights multiplies the KL divergence of a variational model, but this one has no nn.Reparameterize")
	}
	if err := t.network.checkUnit(trainingImages, p); err != nil {
		return err
	}
	if err := t.network.checkUnit(testImages, q); err != nil {
		return err
	}
	t.pixels = join(p.note(trainingImages), q.note(testImages))
	t.onDevice = t.train.IsOnAnyDevice()
	t.config.BatchSize = min(t.config.BatchSize, t.train.Shape().Dimensions[0])
	return t.fits()
}

func (t *trainer) takeFolder() error {
	folders := []string{t.folder}
	if t.config.KeepBest {
		folders = append(folders, best(t.folder))
	}
	for _, folder := range folders {
		unlock, err := lock(folder)
		if err != nil {
			return err
		}
		t.unlock = append(t.unlock, unlock)
	}
	return nil
}

// identify finds out which run this is: what it is made of.
func (t *trainer) identify() (err error) {
	if t.from, err = t.readFrom(); err != nil {
		return err
	}
	t.record = t.newRecord()
	return nil
}

// begin decides where the run begins, and prepares what the epochs need: weights, program, evaluator.
func (t *trainer) begin() error {
	loaded, err := t.load()
	if err != nil {
		return err
	}
	var weights map[string]*tensors.Tensor
	if loaded != nil {
		weights = loaded.weights
	} else if weights, err = t.initial(); err != nil {
		return err
	}
	if t.store, err = t.network.storeOf(weights, t.config.Seed); err != nil {
		return err
	}
	if err := t.moveImages(); err != nil {
		return err
	}
	if err := t.compile(); err != nil {
		return err
	}
	memory.Trim() // what XLA compiled with
	if err := t.restoreOptimizer(loaded); err != nil {
		return err
	}
	if t.evaluator, err = t.model.newEvaluator(t.backend, t.store, t.network); err != nil {
		return err
	}
	for x, count := range t.evaluator.batches(t.test) {
		t.testBatches = append(t.testBatches, batch{x, count})
	}
	t.bestSoFar()
	t.note = join(t.replayNote, t.note, backendNote(t.backend))
	return t.goOn()
}

// load reads the checkpoint in the folder if the run resumes from it, and otherwise returns nil.
func (t *trainer) load() (loaded *checkpoint, err error) {
	s, err := openCheckpoint(t.folder)
	if isUntrained(err) {
		t.note = t.pixels
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer s.close()
	start, note := decide(t.record, &s.run, s.fits(t.network), t.folder)
	t.note = join(note, t.pixels)
	if start == fromScratch {
		_, err := s.weights()
		return nil, err // a damaged file may still be rescued, so it is not replaced
	}
	if loaded, err = s.all(); err != nil {
		return nil, err
	}
	t.begun = true
	t.record.History, t.record.Imported = s.run.History, s.run.Imported
	return loaded, nil
}

// readFrom returns the weights in the folder that Config.From names; nil if it names none.
func (t *trainer) readFrom() (map[string]*tensors.Tensor, error) {
	if t.config.From == "" {
		return nil, nil
	}
	folder, err := atHome(t.config.From)
	if err != nil {
		return nil, err
	}
	for _, written := range []string{t.folder, previous(t.folder), best(t.folder), previous(best(t.folder))} {
		if same(folder, written) || filepath.Clean(folder) == filepath.Clean(written) {
			return nil, fmt.Errorf("autoencoder: Config.From is %s, which this run writes into: give the model another Dir", t.config.From)
		}
	}
	s, err := openCheckpoint(folder)
	if isUntrained(err) {
		return nil, fail(ErrUntrained, "Config.From is %s, which has %w", t.config.From, ErrUntrained)
	}
	if err != nil {
		return nil, fmt.Errorf("autoencoder: Config.From: %w", unprefixed(err))
	}
	defer s.close()
	if !s.fits(t.network) {
		return nil, fmt.Errorf("autoencoder: Config.From is %s, which holds a model with other layers", t.config.From)
	}
	return s.weights()
}

// initial returns the values that a run from scratch starts with.
func (t *trainer) initial() (map[string]*tensors.Tensor, error) {
	if t.from != nil {
		return t.from, nil
	}
	return t.network.initialValues(t.backend, t.config.Seed)
}

// newRecord returns the record of a run that has no epoch yet.
func (t *trainer) newRecord() run {
	c := t.config
	made := map[string]string{
		layersChanged: t.network.recipe.layers, objectiveChanged: t.network.recipe.objective,
		"the training images": checksum(t.train), "the test images": checksum(t.test),
		"BatchSize": fmt.Sprint(c.BatchSize), "WeightDecay": fmt.Sprint(c.WeightDecay),
		"Shuffle": fmt.Sprint(c.Shuffle), "Seed": fmt.Sprint(c.Seed),
	}
	if t.from != nil {
		made["From"] = checksumOf(t.from, "")
	}
	return run{Format: checkpointFormat, Numerics: numerics, Image: t.network.image, Planned: c.Epochs, Made: made,
		LearningRates: c.rates(), KLWeights: c.KLWeights}
}

func join(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(note string) bool { return note == "" }), "; ")
}

// compile builds the program of a step: gather the batch, forward pass, loss, gradient, AdamW.
func (t *trainer) compile() (err error) {
	c := t.config
	adamW := optimizer.Adam().LearningRate(c.rates()[0]).Epsilon(1e-8).WeightDecay(c.WeightDecay).Done()
	t.steps, err = compileSteps(t.backend, t.store, func(scope *model.Scope, images, indices, count, klWeight *graph.Node) *graph.Node {
		x := graph.Gather(images, graph.InsertAxes(indices, -1), false) // [batch, height, width, channels]
		if len(c.KLWeights) == 0 {
			klWeight = nil
		}
		loss := meanLoss(t.model.objective(scope, x, true).total(klWeight), count)
		if added := train.TotalLoss(x.Graph()); added != nil { // what layers added
			loss = graph.Add(loss, graph.ConvertDType(added, loss.DType()))
		}
		adamW.UpdateGraph(scope, x.Graph(), loss)
		train.ExecPerStepUpdateGraphFn(x.Graph())
		return loss
	}, t.train.Shape(), c.BatchSize, !t.network.scalar && t.network.independent())
	return err
}

// restoreOptimizer gives the variables that AdamW added to the store their values: those of the
// checkpoint if the run is resumed, and otherwise zeros. A checkpoint that lacks one cannot be resumed.
func (t *trainer) restoreOptimizer(loaded *checkpoint) error {
	if loaded != nil && t.record.done() > 0 && !t.complete(loaded.optimizer) {
		t.note = join(fmt.Sprintf("started from scratch: the state of AdamW in %s is not that of this version; its weights are in %s",
			t.folder, previous(t.folder)), t.pixels)
		t.record.History, t.record.Imported, t.begun = nil, "", false
		loaded = nil
		values, err := t.initial()
		if err != nil {
			return err
		}
		for _, p := range t.network.variables() {
			if err := t.store.GetVariable(p.path).SetValue(values[p.name]); err != nil {
				return plain(err)
			}
		}
	}
	for v := range t.optimizerVariables() {
		value := tensors.FromShape(v.Shape())
		if loaded != nil && loaded.optimizer[v.Path()] != nil {
			value = loaded.optimizer[v.Path()]
		}
		if v.Name() == optimizer.ParamLearningRate {
			t.rate = v
		}
		if err := v.SetValue(value); err != nil {
			return plain(err)
		}
	}
	return nil
}

// optimizerVariables are the variables of the store that belong to no layer.
func (t *trainer) optimizerVariables() iter.Seq[*model.Variable] {
	return func(yield func(*model.Variable) bool) {
		layers := map[string]bool{}
		for _, p := range t.network.variables() {
			layers[p.path] = true
		}
		for v := range t.store.IterVariables() {
			if !layers[v.Path()] && v.Name() != model.RNGStateVariableName && !yield(v) {
				return
			}
		}
	}
}

// complete reports whether a checkpoint has exactly the optimizer tensors that the store has.
func (t *trainer) complete(optimizer map[string]*tensors.Tensor) bool {
	n := 0
	for v := range t.optimizerVariables() {
		value := optimizer[v.Path()]
		if value == nil || !value.Shape().Equal(v.Shape()) {
			return false
		}
		n++
	}
	return n == len(optimizer)
}

// meanLoss returns the mean over the first count images of a batch; the rest is padding. The last, smaller
// batch of an epoch thus runs in the same program, and its result is exact: what has weight 0 in the loss has
// weight 0 in the gradient.
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

// epoch trains on each of the training images once, and evaluates the test images.
func (t *trainer) epoch() (Epoch, error) {
	number := t.record.done() + 1
	e := Epoch{Number: number, Epochs: t.config.Epochs, Note: t.note}
	order := t.order(number)
	if err := t.store.SetRNGStateFromSeed(mix(t.config.Seed, number)); err != nil {
		return e, plain(err)
	}
	if err := t.rate.SetValue(tensors.FromScalar(float32(t.learningRate(number)))); err != nil {
		return e, plain(err)
	}
	batch := t.config.BatchSize
	all := (len(order) + batch - 1) / batch
	progress := t.progress(all)
	var sum float64
	for done, n := 0, 1; done < all; {
		if err := t.goOn(); err != nil {
			return e, err
		}
		n = min(n, all-done)
		called, images := time.Now(), order[done*batch:min((done+n)*batch, len(order))]
		losses, err := t.steps.run(t.train, images, scheduled(t.record.KLWeights, number, 1))
		if err != nil {
			return e, err
		}
		for i, loss := range losses {
			e.LastLoss = float64(loss)
			if math.IsNaN(e.LastLoss) || math.IsInf(e.LastLoss, 0) {
				return e, t.notFinite(e.LastLoss, number, fmt.Sprintf("in epoch %d, step %d", number, done+i+1))
			}
			sum += e.LastLoss * float64(min(batch, len(images)-i*batch))
		}
		done += n
		progress(done)
		// More steps in the next call, but few enough that the stop button responds at once.
		if time.Since(called) < 25*time.Millisecond {
			n = min(2*n, t.steps.size)
		}
	}
	e.Loss = sum / float64(len(order))
	tested, err := t.evaluator.evaluate(t.tests, t.record.klWeight(), t.goOn)
	if err != nil {
		return e, err
	}
	e.TestLoss, e.Reconstruction, e.KL = tested.loss(), tested.reconstruction, tested.kl
	if math.IsNaN(e.TestLoss) || math.IsInf(e.TestLoss, 0) {
		return e, t.notFinite(e.TestLoss, number, fmt.Sprintf("on the test images after epoch %d", number))
	}
	return e, nil
}

// tests yields the batches of test images, which stay on the device from epoch to epoch.
func (t *trainer) tests(yield func(*tensors.Tensor, int) bool) {
	for _, b := range t.testBatches {
		if !yield(b.x, b.count) {
			return
		}
	}
}

func (t *trainer) learningRate(epoch int) float64 {
	return scheduled(t.record.LearningRates, epoch, t.config.LearningRate)
}

// order returns the order of the training images in an epoch. It depends only on seed and epoch, so a resumed
// run needs to know nothing about earlier epochs.
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

// mix returns a seed for the noise of one epoch.
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

// save writes the checkpoint of a complete epoch. If the epoch is the best one so far, the folder of the best
// one comes first: a run that is killed between the two trains the epoch again, and nothing is missing.
func (t *trainer) save(e Epoch) error {
	t.note = ""
	t.record.History = append(t.record.History, e)
	c := &checkpoint{weights: map[string]*tensors.Tensor{}, optimizer: map[string]*tensors.Tensor{}, run: t.record}
	for _, p := range t.network.variables() {
		c.weights[p.name] = t.store.GetVariable(p.path).MustValue()
	}
	for v := range t.optimizerVariables() {
		c.optimizer[v.Path()] = v.MustValue()
	}
	if t.config.KeepBest && e.TestLoss < t.bestLoss {
		if err := t.replace(best(t.folder), c, t.bestBegun); err != nil {
			return err
		}
		t.bestLoss, t.bestBegun = e.TestLoss, true
	}
	if err := t.replace(t.folder, c, t.begun); err != nil {
		return err
	}
	t.begun = true
	return nil
}

// replace saves a checkpoint. ours says whether the one in the folder belongs to this run; if not, it moves to
// .previous.
func (t *trainer) replace(folder string, c *checkpoint, ours bool) error {
	if !ours {
		if err := keepPrevious(folder); err != nil {
			return err
		}
	}
	return save(folder, c)
}

// bestSoFar finds out which epoch of this run, if any, is in Dir.best.
func (t *trainer) bestSoFar() {
	t.bestLoss = math.Inf(1)
	number, lowest := t.record.lowest()
	if !t.config.KeepBest || number == 0 {
		return
	}
	if s, err := openCheckpoint(best(t.folder)); err == nil {
		defer s.close()
		if last := s.run.done(); t.record.shares(s.run) {
			t.bestBegun, t.bestLoss = true, s.run.History[last-1].TestLoss
			if last > t.record.done() {
				t.bestLoss = lowest // that epoch is trained again, because the run was killed before it was saved
			}
			if last >= number {
				return
			}
		}
	}
	t.note = join(t.note, fmt.Sprintf("the best epoch so far, %d, is not in %s; the best of the next ones will be", number, best(t.folder)))
}

// stopped returns the error of a run that had to stop.
func (t *trainer) stopped(why error) error {
	done, line := t.record.done(), ""
	switch {
	case t.record.Made == nil:
		line = "before the first step: nothing was changed"
	case done == 0:
		line = "in epoch 1, before it was complete: nothing is saved yet"
	case done >= t.config.Epochs:
		line = fmt.Sprintf("after the last epoch: all %d are saved in %s", done, t.folder)
	default:
		line = fmt.Sprintf("in epoch %d: %d of %s are saved in %s, run the cell again to resume", done+1, done, epochs(t.config.Epochs), t.folder)
	}
	return failure{fmt.Errorf("autoencoder: %w %s", ErrInterrupted, line), []error{why}}
}

func (t *trainer) notFinite(loss float64, epoch int, where string) error {
	saved := "no weights were saved"
	if t.begun && t.record.done() > 0 {
		saved = fmt.Sprintf("%s holds the weights of epoch %d", t.folder, t.record.done())
	}
	advice := fmt.Sprintf("try a smaller LearningRate than %g", t.learningRate(epoch))
	if t.pixels != "" { // a more likely cause than the rate
		advice = t.pixels + "; if they are right, " + advice
	}
	if t.network.unit {
		advice = "BCE takes outputs in [0, 1]: end the Decoder with nn.Sigmoid(); if it does, " + advice
	}
	return fail(ErrNotFinite, "the loss is %g %s: %s; %s", loss, where, advice, saved)
}

// close releases the folders and the memory of the device.
func (t *trainer) close() {
	if t.steps != nil {
		t.steps.close()
	}
	if t.evaluator != nil {
		t.evaluator.close()
	}
	for _, b := range t.testBatches {
		b.x.FinalizeAll()
	}
	if t.store != nil {
		t.store.Finalize()
	}
	if t.steps != nil && !t.onDevice && t.train.HasLocal() {
		_ = t.train.InvalidateOnDevice() // the caller's own copy stays
	}
	for _, unlock := range t.unlock {
		unlock()
	}
}
