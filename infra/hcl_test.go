package infra_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// block is a block of the module with the file that it stands in.
type block struct {
	*hclsyntax.Block
	file string
}

// is reports whether the block is one of that type whose first label begins with a
// prefix.
func (b block) is(kind, prefix string) bool {
	return b.Type == kind && (len(b.Labels) == 0 || strings.HasPrefix(b.Labels[0], prefix))
}

func (b block) String() string { return b.file + ": " + b.Type + " " + strings.Join(b.Labels, ".") }

// module is every block of the files in dir.
func module(t *testing.T, dir string) []block {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files of a module in %s (%v)", len(names), dir, err)
	}
	var out []block
	parser := hclparse.NewParser()
	for _, name := range names {
		f, diags := parser.ParseHCLFile(name)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		body, ok := f.Body.(*hclsyntax.Body)
		if !ok {
			t.Fatalf("%s is no file of HCL's own syntax", name)
		}
		for _, b := range body.Blocks {
			out = append(out, block{b, filepath.Base(name)})
		}
	}
	return out
}

// resources are the resources of the module whose type begins with a prefix.
func resources(t *testing.T, prefix string) []block {
	t.Helper()
	out := slices.DeleteFunc(module(t, "."), func(b block) bool { return !b.is("resource", prefix) })
	if len(out) == 0 {
		t.Fatalf("the module has no %s", prefix)
	}
	return out
}

// nested are the blocks of a type anywhere below, those of dynamic ones as well.
func nested(b *hclsyntax.Block, kind string) (out []*hclsyntax.Block) {
	for _, in := range b.Body.Blocks {
		switch {
		case in.Type == kind:
			out = append(out, in)
		case in.Type == "dynamic" && in.Labels[0] == kind:
			out = append(out, nested(in, "content")...)
			continue
		}
		out = append(out, nested(in, kind)...)
	}
	return out
}

// text is what an attribute says where it says it outright.
func text(b *hclsyntax.Block, name string) (string, bool) {
	a, ok := b.Body.Attributes[name]
	if !ok {
		return "", false
	}
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() || v.Type() != cty.String || v.IsNull() {
		return "", false
	}
	return v.AsString(), true
}

// literals are the pieces of text that stand anywhere in a node.
func literals(n hclsyntax.Node) (out []string) {
	diags := hclsyntax.VisitAll(n, func(n hclsyntax.Node) hcl.Diagnostics {
		if l, ok := n.(*hclsyntax.LiteralValueExpr); ok && l.Val.Type() == cty.String && !l.Val.IsNull() {
			out = append(out, l.Val.AsString())
		}
		return nil
	})
	if diags.HasErrors() {
		panic(diags) // the visitor has none
	}
	return out
}

// local is a local value that names nothing else: lists of text by name.
func local(t *testing.T, name string) map[string][]string {
	t.Helper()
	for _, b := range module(t, ".") {
		a, ok := b.Body.Attributes[name]
		if b.Type != "locals" || !ok {
			continue
		}
		v, diags := a.Expr.Value(nil)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		out := map[string][]string{}
		for k, list := range v.AsValueMap() {
			out[k] = texts(list)
		}
		return out
	}
	t.Fatalf("the module has no local %s", name)
	return nil
}

func texts(list cty.Value) (out []string) {
	for _, v := range list.AsValueSlice() {
		out = append(out, v.AsString())
	}
	return out
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
