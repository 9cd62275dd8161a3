package main

import (
	"context"
	"errors"
	"time"
)

// act is one thing somebody does in the simulated cloud: a button of the page,
// a step of the script.
type act struct {
	key   string
	who   string // e-mail; empty for what nobody in particular does
	what  string // a sentence without its subject
	about string // what rescind is expected to make of it
	do    func(ctx context.Context, d *demo, p *person) error
}

// acts lists them in the order of the script.
func acts() []act {
	return []act{
		{
			key: "public", who: "mallory@example.com",
			what:  "lets anyone on the internet invoke the service api",
			about: "no-public-invoker is set to revert: rescind takes the grant away",
			do: func(ctx context.Context, _ *demo, p *person) error {
				return p.servicePolicies(ctx).grant(demoAPI, "roles/run.invoker", "allUsers")
			},
		},
		{
			key: "default", who: "bob@example.com",
			what:  "deploys the service checkout as the default service account",
			about: "no-default-service-account is set to approve: rescind asks in Slack",
			do: func(ctx context.Context, _ *demo, p *person) error {
				return p.runServiceAs(ctx, demoCheckout, demoDefault)
			},
		},
		{
			key: "deploy", who: "carol@example.com",
			what:  "deploys the service api under its own account again",
			about: "nothing is wrong with it; rescind learns that the account is in use",
			do: func(ctx context.Context, _ *demo, p *person) error {
				return p.runServiceAs(ctx, demoAPI, demoAPIAccount)
			},
		},
		{
			key: "editor", who: "carol@example.com",
			what:  "makes the account that api runs as an Editor of the project",
			about: "no-editor-on-runtime-identity is set to audit: rescind reports it",
			do: func(ctx context.Context, _ *demo, p *person) error {
				return p.projectPolicies(ctx).grant("projects/"+demoProject, "roles/editor", "serviceAccount:"+demoAPIAccount)
			},
		},
		{
			key: "job", who: "bob@example.com",
			what:  "deploys the job nightly as the default service account",
			about: "asked again; a job keeps no revisions, so the project's fallback identity is proposed",
			do: func(ctx context.Context, _ *demo, p *person) error {
				return p.runJobAs(ctx, demoNightly, demoDefault)
			},
		},
		{
			key: "pool", who: "bob@example.com",
			what:  "deploys the worker pool queue as the default service account",
			about: "asked: worker pools are workloads like any other",
			do: func(ctx context.Context, _ *demo, p *person) error {
				return p.runPoolAs(ctx, demoQueuePool, demoDefault)
			},
		},
		{
			key: "webhook", who: "carol@example.com",
			what:  "deploys the service webhook as the default service account",
			about: "asked: two people who did not make the change can exempt it for a time",
			do: func(ctx context.Context, _ *demo, p *person) error {
				return p.runServiceAs(ctx, demoWebhook, demoDefault)
			},
		},
		{
			key: "apply", who: "terraform@ops.iam.gserviceaccount.com",
			what:  "applies a module without its service accounts: five services at once",
			about: "one cause, so one card, which answers all five",
			do: func(ctx context.Context, _ *demo, p *person) error {
				for _, name := range demoShop {
					if err := p.runServiceAs(ctx, demoLocation+"/services/"+name, demoDefault); err != nil {
						return err
					}
				}
				return nil
			},
		},
		{
			key:   "duplicate",
			what:  "Pub/Sub delivers the newest message a second time",
			about: "it is the same change: nothing happens twice",
			do:    func(_ context.Context, d *demo, _ *person) error { return d.redeliver() },
		},
		{
			key: "stale", who: "dave@example.com",
			what:  "let anyone invoke the service reports two hours ago; the event arrives only now",
			about: "too old to be reverted unasked: rescind asks",
			do: func(ctx context.Context, d *demo, p *person) error {
				d.clock.set(-2 * time.Hour)
				defer d.clock.set(0)
				return p.servicePolicies(ctx).grant(demoReports, "roles/run.invoker", "allUsers")
			},
		},
	}
}

// perform does one act and waits until all that follows from it was delivered.
// Acts are done one at a time: one of them turns back the clock.
func (d *demo) perform(ctx context.Context, a act) error {
	d.acting.Lock()
	defer d.acting.Unlock()
	var p *person
	if a.who != "" {
		var err error
		if p, err = d.as(ctx, a.who); err != nil {
			return err
		}
	}
	if err := a.do(ctx, d, p); err != nil {
		return err
	}
	d.queue.settle()
	return nil
}

// redeliver puts the newest message into the queue once more.
func (d *demo) redeliver() error {
	events := d.feed.all()
	if len(events) == 0 {
		return errors.New("there is no message to deliver again yet")
	}
	d.queue.put(events[len(events)-1].Entry)
	return nil
}
