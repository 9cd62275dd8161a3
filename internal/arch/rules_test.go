package arch_test

// A part is a package of ours with all below it that is no part of its own,
// relative to the module.
type part string

const (
	cloud     part = "internal/cloud"
	auditlog  part = "internal/auditlog"
	policies  part = "policies"
	judge     part = "remediate/judge"
	remediate part = "remediate"
	notify    part = "notify"
	functions part = "functions"
	replay    part = "internal/replay"
	google    part = "internal/google"
	store     part = "internal/store"
	yaml      part = "internal/strictyaml"
	intake    part = "internal/intake"
	skim      part = "internal/skim"
	assets    part = "internal/assets"
	sim       part = "internal/sim"
	command   part = "cmd"
	arch      part = "internal/arch"
	mutate    part = "internal/mutate"
	emulator  part = "internal/emulator"
	webdriver part = "internal/webdriver"
	telemetry part = "internal/telemetry"
	infra     part = "infra"

	// The rooms of the command, in the order in which one leans on another.
	build    part = "cmd/rescind/internal/build"
	terminal part = "cmd/rescind/internal/terminal"
	event    part = "cmd/rescind/internal/testevent"
	shown    part = "cmd/rescind/internal/progress"
	history  part = "cmd/rescind/internal/history"
	config   part = "cmd/rescind/internal/config"
	measured part = "cmd/rescind/internal/measured"
	process  part = "cmd/rescind/internal/process"
	sandbox  part = "cmd/rescind/internal/sandbox"
	demo     part = "cmd/rescind/internal/demo"
)

// arrows says which parts of ours a part may import besides itself. What
// decides knows nothing of what carries its decisions out, so that live,
// replay, scan and demo can be one pipeline with other clients.
func arrows() map[part][]part {
	decides := []part{cloud, auditlog, policies, judge, remediate}
	wires := []part{cloud, auditlog, policies, judge, remediate, notify, functions, google, store}
	return map[part][]part{
		cloud:     nil,
		auditlog:  {cloud, skim},
		policies:  {cloud, yaml},
		judge:     {cloud, policies},
		remediate: {cloud, auditlog, policies, judge},
		notify:    append([]part{intake, infra}, decides...),
		functions: append([]part{skim}, decides...),
		// Replay judges as live handling does, and knows nothing of what follows.
		replay: {cloud, auditlog, policies, judge, yaml, skim},
		google: append([]part{assets}, decides...),
		store:  decides,
		yaml:   nil,
		intake: nil,
		skim:   nil,
		// A simulation that shared code with the adapters would share their
		// mistakes, and every test against it would pass. The messages of one search
		// they share; its tests compare those with Google's own types.
		sim:    {cloud, assets},
		assets: nil,
		arch:   nil,
		// What changes programs for tests knows none of ours.
		mutate: nil,
		// What is counted knows none of what counts it.
		telemetry: nil,
		// Google's programs stand beside ours.
		emulator: nil,
		// Nor is a browser any of ours.
		webdriver: nil,
		// What an installation begins with knows nothing of what runs then.
		infra: nil,

		build:    nil,
		terminal: nil,
		event:    {functions},
		shown:    {terminal, replay},
		history:  {replay, google, auditlog, cloud},
		config:   append([]part{yaml}, wires...),
		// What serves knows nothing simulated.
		process:  append([]part{build, config, measured, telemetry}, wires...),
		measured: {build, telemetry, cloud, google, notify, policies, remediate},
		sandbox:  {terminal, config, process, sim, functions, cloud, remediate},
		demo:     {terminal, sandbox, process, sim, functions, remediate},
		command:  append([]part{build, terminal, event, shown, history, config, measured, telemetry, process, sandbox, demo, replay, sim, yaml}, wires...),
	}
}

// A library is kept to the parts that may know of it. Of several that match an
// import, the first counts.
type library struct {
	name  string
	paths []string // import path prefixes, whole elements
	users []part
}

func libraries() []library {
	return []library{
		{
			// The endpoint checks the tokens that callers bring, before
			// anything else is built; it calls no Google API with it.
			name:  "Google's token check",
			paths: []string{"cloud.google.com/go/auth"},
			users: []part{functions, google, command},
		},
		{
			name: "a Google client library",
			paths: []string{
				"cloud.google.com/go", "google.golang.org/api", "google.golang.org/genproto",
				"google.golang.org/grpc", "github.com/googleapis/gax-go",
			},
			users: []part{google, assets, sim, store, command},
		},
		{
			name:  "Slack's library",
			paths: []string{"github.com/slack-go/slack"},
			users: []part{"notify/slack"},
		},
		{
			name:  "an embedded database",
			paths: []string{"go.etcd.io/bbolt"},
			users: []part{store},
		},
	}
}
