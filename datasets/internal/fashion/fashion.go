// Package fashion says which files make up Fashion-MNIST and where they are. The
// command that downloads the files and the package that reads them share it; it
// is separate so that the reader links no network code.
package fashion

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// A File describes one of the four files as it is published, compressed by gzip.
type File struct {
	Name     string // ends in .gz
	Size     int64  // bytes of the compressed file
	SHA256   string // checksum of the compressed file, in hex
	Unpacked string // SHA-256 of the uncompressed contents, in hex
}

// Files lists the published files. Their SHA-256 were computed from files whose
// MD5 the authors' README gives: 8d4fb7e6…, 25c81989…, bef4ecab…, bb300cfd….
var Files = []File{
	{
		Name:     "train-images-idx3-ubyte.gz",
		Size:     26421880,
		SHA256:   "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
		Unpacked: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
	},
	{
		Name:     "train-labels-idx1-ubyte.gz",
		Size:     29515,
		SHA256:   "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
		Unpacked: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
	},
	{
		Name:     "t10k-images-idx3-ubyte.gz",
		Size:     4422102,
		SHA256:   "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
		Unpacked: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
	},
	{
		Name:     "t10k-labels-idx1-ubyte.gz",
		Size:     5148,
		SHA256:   "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
		Unpacked: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
	},
}

// Variable is the environment variable that names the folder of the files.
const Variable = "AUTOENCODERS_DATA"

// Dir returns the folder of the files, which need not exist yet. Normally it is
// data/fashion-mnist beside the go.mod of the checkout that contains the working
// directory. If the environment variable named [Variable] is set, Dir returns its
// value instead, and own is true: the folder is the user's, so nobody else may
// replace or delete files there.
func Dir() (dir string, own bool, err error) {
	if dir := os.Getenv(Variable); dir != "" {
		return dir, true, nil
	}
	dir, err = os.Getwd()
	if err != nil {
		return "", false, err
	}
	for !isCheckout(dir) {
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false, errors.New("no data folder: run this inside the checkout, or set " + Variable + " to the folder of the files")
		}
		dir = parent
	}
	return filepath.Join(dir, "data", "fashion-mnist"), false, nil
}

// isCheckout reports whether dir contains the go.mod of module autoencoders.
func isCheckout(dir string) bool {
	mod, err := os.Open(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	defer mod.Close()
	lines := bufio.NewScanner(mod)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == "module" {
			return words[1] == "autoencoders"
		}
	}
	return false
}
