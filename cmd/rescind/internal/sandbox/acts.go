package sandbox

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Act is one thing somebody does in the simulated cloud: a button of the page,
// a step of the script.
type Act struct {
	Key   string
	Who   string // e-mail; empty for what nobody in particular does
	What  string // a sentence without its subject
	About string // what rescind is expected to make of it
	Do    func(ctx context.Context, w *World, p *Person) error
}

// Acts lists them in the order of the script.
func Acts() []Act {
	return []Act{
		{
			Key: "public", Who: "mallory@example.com",
			What:  "lets anyone on the internet invoke the service api",
			About: "no-public-invoker is set to revert: rescind takes the grant away",
			Do: func(ctx context.Context, _ *World, p *Person) error {
				return p.ServicePolicies(ctx).Grant(API, "roles/run.invoker", "allUsers")
			},
		},
		{
			Key: "default", Who: "bob@example.com",
			What:  "deploys the service checkout as the default service account",
			About: "no-default-service-account is set to approve: rescind asks in Slack",
			Do: func(ctx context.Context, _ *World, p *Person) error {
				return p.runServiceAs(ctx, Checkout, DefaultAccount)
			},
		},
		{
			Key: "image", Who: "mallory@example.com",
			What:  "deploys an image of their own to the service reports, as the default service account",
			About: "asked: a revert gives the traffic back, and their image no account's rights",
			Do: func(ctx context.Context, _ *World, p *Person) error {
				return p.runImageAs(ctx, Reports, image("miner", "66"), DefaultAccount)
			},
		},
		{
			Key: "deploy", Who: "carol@example.com",
			What:  "deploys the service api under its own account again",
			About: "nothing is wrong with it; rescind learns that the account is in use",
			Do: func(ctx context.Context, _ *World, p *Person) error {
				return p.runServiceAs(ctx, API, APIAccount)
			},
		},
		{
			Key: "editor", Who: "carol@example.com",
			What:  "makes the account that api runs as an Editor of the project",
			About: "no-editor-on-runtime-identity is set to audit: rescind reports it",
			Do: func(ctx context.Context, _ *World, p *Person) error {
				return p.projectPolicies(ctx).Grant("projects/"+Project, "roles/editor", "serviceAccount:"+APIAccount)
			},
		},
		{
			Key: "job", Who: "bob@example.com",
			What:  "deploys the job nightly as the default service account",
			About: "asked again; a job keeps no revisions, so the project's fallback identity is proposed",
			Do: func(ctx context.Context, _ *World, p *Person) error {
				return p.runJobAs(ctx, Nightly, DefaultAccount)
			},
		},
		{
			Key: "pool", Who: "bob@example.com",
			What:  "deploys the worker pool queue as the default service account",
			About: "asked: worker pools are workloads like any other",
			Do: func(ctx context.Context, _ *World, p *Person) error {
				return p.runPoolAs(ctx, QueuePool, DefaultAccount)
			},
		},
		{
			Key: "webhook", Who: "carol@example.com",
			What:  "deploys the service webhook as the default service account",
			About: "asked: two people who did not make the change can exempt it for a time",
			Do: func(ctx context.Context, _ *World, p *Person) error {
				return p.runServiceAs(ctx, Webhook, DefaultAccount)
			},
		},
		{
			Key: "apply", Who: "terraform@ops.iam.gserviceaccount.com",
			What:  "applies a module without its service accounts: five services at once",
			About: "one cause, so one card, which answers all five",
			Do: func(ctx context.Context, _ *World, p *Person) error {
				for _, name := range Shop() {
					if err := p.runServiceAs(ctx, Location+"/services/"+name, DefaultAccount); err != nil {
						return err
					}
				}
				return nil
			},
		},
		{
			Key:   "duplicate",
			What:  "Pub/Sub delivers the newest message a second time",
			About: "it is the same change: nothing happens twice",
			Do:    func(_ context.Context, w *World, _ *Person) error { return w.redeliver() },
		},
		{
			Key: "stale", Who: "dave@example.com",
			What:  "let anyone invoke the service reports two hours ago; the event arrives only now",
			About: "too old to be reverted unasked: rescind asks",
			Do: func(ctx context.Context, w *World, p *Person) error {
				w.clock.set(-2 * time.Hour)
				defer w.clock.set(0)
				return p.ServicePolicies(ctx).Grant(Reports, "roles/run.invoker", "allUsers")
			},
		},
	}
}

// ActOf returns the act of that key; false where there is none.
func ActOf(key string) (Act, bool) {
	all := Acts()
	i := slices.IndexFunc(all, func(a Act) bool { return a.Key == key })
	if i < 0 {
		return Act{}, false
	}
	return all[i], true
}

// Perform does one act and waits until all that follows from it was delivered.
// Acts are done one at a time: one of them turns back the clock.
func (w *World) Perform(ctx context.Context, a Act) error {
	w.acting.Lock()
	defer w.acting.Unlock()
	var p *Person
	if a.Who != "" {
		var err error
		if p, err = w.as(ctx, a.Who); err != nil {
			return err
		}
	}
	if err := a.Do(ctx, w, p); err != nil {
		return err
	}
	w.queue.settle()
	return nil
}

// redeliver puts the newest message into the queue once more.
func (w *World) redeliver() error {
	events := w.feed.all()
	if len(events) == 0 {
		return errors.New("there is no message to deliver again yet")
	}
	w.queue.put(events[len(events)-1].Entry)
	return nil
}
