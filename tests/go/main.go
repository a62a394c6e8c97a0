// Checks, by software that is not the project's own, what the project writes: Go's checksum database (sumdb/note and
// tlog), transparency-dev's merkle, Tessera's client and fsck, and the transparency-dev witness.
//
//	check ask                     JSON requests on standard input, one a line; an answer a line: "ok", or what is wrong
//	check fsck DIR VKEY           Tessera's fsck over exported tiles
//	check witness SKEY VKEY...    a witness of these logs on a free port, which it prints
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"github.com/transparency-dev/witness/persistence/inmemory"
	"github.com/transparency-dev/witness/witness"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type request struct {
	Do    string   `json:"do"`
	Note  string   `json:"note"`
	VKey  string   `json:"vkey"`
	Old   int64    `json:"old"`
	Size  int64    `json:"size"`
	Index int64    `json:"index"`
	Leaf  []byte   `json:"leaf"`
	Root  []byte   `json:"root"`
	Root0 []byte   `json:"oldRoot"`
	Path  [][]byte `json:"path"`
	Dir   string   `json:"dir"`
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("ask, fsck or witness")
	}
	var err error
	switch os.Args[1] {
	case "ask":
		err = ask()
	case "fsck":
		err = check(os.Args[2], os.Args[3])
	case "witness":
		err = serve(os.Args[2], os.Args[3:])
	default:
		err = errors.New("ask, fsck or witness")
	}
	if err != nil {
		log.Fatal(err)
	}
}

func ask() error {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<24)
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return err
		}
		answer := "ok"
		if err := answerTo(r); err != nil {
			answer = err.Error()
		}
		text, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		fmt.Println(string(text))
	}
	return in.Err()
}

func answerTo(r request) error {
	switch r.Do {
	case "note":
		v, err := note.NewVerifier(r.VKey)
		if err != nil {
			return err
		}
		opened, err := note.Open([]byte(r.Note), note.VerifierList(v))
		if err != nil {
			return err
		}
		_, err = tlog.ParseTree([]byte("go.sum database tree\n" + after(opened.Text)))
		return err
	case "cosignature":
		v, err := f_note.NewVerifierForCosignatureV1(r.VKey)
		if err != nil {
			return err
		}
		_, err = note.Open([]byte(r.Note), note.VerifierList(v))
		return err
	case "inclusion":
		one := tlog.CheckRecord(hashes(r.Path), r.Size, hash(r.Root), r.Index, hash(r.Leaf))
		two := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(r.Index), uint64(r.Size), r.Leaf, r.Path, r.Root)
		return both(one, two)
	case "consistency":
		one := tlog.CheckTree(hashes(r.Path), r.Size, hash(r.Root), r.Old, hash(r.Root0))
		two := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(r.Old), uint64(r.Size), r.Path, r.Root0, r.Root)
		return both(one, two)
	case "client":
		return clientProofs(r)
	}
	return fmt.Errorf("cannot do %q", r.Do)
}

// after gives a note's text without its first line: Go's tree parser wants its own database's name there.
func after(text string) string {
	for i := range text {
		if text[i] == '\n' {
			return text[i+1:]
		}
	}
	return ""
}

// both says what two implementations say, which must be the same.
func both(one, two error) error {
	if (one == nil) != (two == nil) {
		return fmt.Errorf("they differ: %v, and %v", one, two)
	}
	return one
}

// clientProofs makes proofs with Tessera's client from exported tiles and checks them.
func clientProofs(r request) error {
	ctx := context.Background()
	files := client.FileFetcher{Root: r.Dir}
	builder, err := client.NewProofBuilder(ctx, uint64(r.Size), files.ReadTile)
	if err != nil {
		return err
	}
	path, err := builder.InclusionProof(ctx, uint64(r.Index))
	if err != nil {
		return err
	}
	return proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(r.Index), uint64(r.Size), r.Leaf, path, r.Root)
}

func hash(data []byte) (h tlog.Hash) {
	copy(h[:], data)
	return h
}

func hashes(path [][]byte) []tlog.Hash {
	found := make([]tlog.Hash, 0, len(path))
	for _, step := range path {
		found = append(found, hash(step))
	}
	return found
}

func check(dir, vkey string) error {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	leaves := func(bundle []byte) ([][]byte, error) {
		eb := &api.EntryBundle{}
		if err := eb.UnmarshalText(bundle); err != nil {
			return nil, err
		}
		found := make([][]byte, 0, len(eb.Entries))
		for _, entry := range eb.Entries {
			found = append(found, rfc6962.DefaultHasher.HashLeaf(entry))
		}
		return found, nil
	}
	return fsck.New(v.Name(), v, client.FileFetcher{Root: dir}, leaves, fsck.Opts{N: 2}).Check(ctx)
}

func serve(skey string, vkeys []string) error {
	ctx := context.Background()
	signer, err := f_note.NewSignerForCosignatureV1(skey)
	if err != nil {
		return err
	}
	logs := map[string]note.Verifier{}
	for _, vkey := range vkeys {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return err
		}
		logs[v.Name()] = v
	}
	w, err := witness.New(ctx, witness.Opts{
		Persistence: inmemory.New(),
		Signers:     []note.Signer{signer},
		VerifierForLog: func(_ context.Context, origin string) (note.Verifier, bool, error) {
			v, ok := logs[origin]
			return v, ok, nil
		},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", witness.NewHTTPHandler(w).AddCheckpoint)
	fmt.Printf("http://%s\n", listener.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}).Serve(listener)
}
