package lessons

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

// Sentences about pictures cannot be computed. pictures.tsv lists them, each with the hash of the committed picture that somebody
// has looked at with the sentence in hand. A lesson committed with another picture fails here until somebody has looked again,
// and has entered its hash by hand: no program writes them.
func TestSentencesAboutPicturesWereCheckedAgainstThem(t *testing.T) {
	found := map[string]int{}
	for _, row := range readTable(t, "pictures.tsv", 4) {
		name, id, hash, sentence := row[0], row[1], row[2], row[3]
		n := committed(t, name)
		found[name]++
		if got := n.cell(t, id).hash(t); got != hash {
			t.Errorf("%s: the picture of cell %s has the hash %s, and this was checked against %s: %q: look at the picture, and enter its hash if the sentence is still right",
				name, id, got, hash, sentence)
		}
		said := false
		for _, c := range n.Cells {
			said = said || strings.Contains(words(c.prose()), words(sentence))
		}
		if !said {
			t.Errorf("%s does not say %q any more: take it out of pictures.tsv, or enter what it says now", name, sentence)
		}
	}
	for _, name := range names(t) {
		if found[name] == 0 {
			t.Errorf("%s: no sentence about a picture is listed", name)
		}
	}
}

// words returns s with each run of white space as one blank.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// hash returns the first half of the SHA-256 of the picture that a cell shows last.
func (c *cell) hash(t *testing.T) string {
	t.Helper()
	hash := "none"
	for _, o := range c.Outputs {
		encoded := strings.ReplaceAll(textOf(o.Data["image/png"]), "\n", "")
		if encoded == "" {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			t.Fatalf("cell %s: %v", c.ID, err)
		}
		sum := sha256.Sum256(raw)
		hash = hex.EncodeToString(sum[:16])
	}
	return hash
}
