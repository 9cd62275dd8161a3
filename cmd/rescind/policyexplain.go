package main

import (
	"context"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
)

const policyExplainUsage = `Usage: rescind policy explain [flags] ENTRY

Says of each policy why it did or did not match the change of a log entry: the
policy's expression as a tree, with what each part came to, and the facts it
looked at. The entry is judged as rescind replay judges it.

ENTRY is a file with one log entry, or - for standard input. It may hold more,
as rescind replay reads them: then facts are learned from all of them.

In the tree [+] is true, [-] false, [?] unknown and [!] gone wrong; "<--" marks
the parts that the answer rests on.

Flags:
  --policies PATH    policy file or directory, may be repeated; the built-in
                     policies are always loaded
  --facts FILE       what the entry cannot tell, as for rescind replay
  --policy NAME      explain this policy only
  --insert-id ID     which entry, where there are several changes
  --format FORM      text or json (default text)

Example:
  rescind policy explain --facts facts.yaml --policy no-public-invoker entry.json

Exit status: 0 when it was explained, also when the entry is no change; 1 when
it could not be read; 2 on wrong usage.
`

func policyExplainCommand() command {
	return command{name: "explain", summary: "say why each policy did or did not match a log entry", usage: policyExplainUsage, run: runPolicyExplain}
}

// explainOptions is a command line that makes sense.
type explainOptions struct {
	policies []string
	facts    string
	only     string // a policy's name, empty for all
	insertID string
	format   string
	entry    []string
}

func explainFlags(args []string) (explainOptions, error) {
	var o explainOptions
	f := newFlags("policy explain")
	paths := f.list("policies")
	f.StringVar(&o.facts, "facts", "", "")
	f.StringVar(&o.only, "policy", "", "")
	f.StringVar(&o.insertID, "insert-id", "", "")
	f.StringVar(&o.format, "format", "text", "")
	var err error
	o.entry, err = f.parse(args)
	o.policies = *paths
	switch {
	case err != nil:
		return o, err
	case len(o.entry) != 1:
		return o, usagef("want one ENTRY, have %d", len(o.entry))
	case o.format != "text" && o.format != "json":
		return o, usagef("--format is %q, want text or json", o.format)
	}
	return o, nil
}

func runPolicyExplain(ctx context.Context, env environment, args []string) error {
	o, err := explainFlags(args)
	if err != nil {
		return err
	}
	set, err := checkedPolicies(o.policies)
	if err != nil {
		return err
	}
	h, err := readEntries(ctx, o.facts, replay.FindInputs(o.entry, env.stdin))
	if err != nil {
		return err
	}
	x, err := h.explain(ctx, set, o)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return terminal.WriteJSON(env.stdout, x)
	}
	return x.write(env.stdout)
}

// explain judges the chosen change as replay does, and traces the policies on
// it until they ask nothing new.
func (h *entries) explain(ctx context.Context, set *policies.Set, o explainOptions) (explained, error) {
	at, why, err := h.choose(o.insertID)
	if err != nil {
		return explained{}, err
	}
	if why == "" {
		why = h.PassedOver(at)
	}
	if why != "" {
		return explained{NoChange: why}, nil
	}
	in := policies.Input{Change: h.Changes[at], Facts: policies.Facts{}, Now: h.Moment(at)}
	for {
		explanations, err := set.Explain(in, o.only)
		if err != nil {
			return explained{}, err
		}
		if !h.answer(ctx, in, explanations) {
			return explainedOf(in.Change, explanations, h.Judge(ctx, set, at)), nil
		}
	}
}

// answer looks up what the explanations lack, and reports whether there was
// anything to look up.
func (h *entries) answer(ctx context.Context, in policies.Input, xs []policies.Explanation) (asked bool) {
	for _, x := range xs {
		for _, q := range x.Needs {
			if _, known := in.Facts[q]; !known {
				in.Facts[q] = h.Fact(ctx, q, in.Now)
				asked = true
			}
		}
	}
	return asked
}
