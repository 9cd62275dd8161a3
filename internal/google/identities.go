package google

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// runtimeIdentity answers whether a workload runs as the account: one that was
// seen to, one that is listed now in the account's own project or in the project
// of the change, or one anywhere in scope that Asset search names and that is
// read to run as it. A revision that an older template made counts where the traffic
// of a listed workload names it, and of others if it was seen.
//
// "No" takes every list, read to its end. A list that failed leaves the answer
// unknown, unless another list says yes.
func (c *Client) runtimeIdentity(ctx context.Context, q policies.Question) (policies.Fact, error) {
	if q.Name == "" { // it would match every workload that names no account
		return policies.Fact{}, errors.New("no account was asked about")
	}
	if group, ok := strings.CutPrefix(q.Name, "group:"); ok {
		return c.groupRuns(ctx, q, group)
	}
	seen, ok, err := c.sighting(ctx, q.Name)
	if ok {
		return policies.Fact{Value: true, Source: "seen on " + seen.Workload.String(), At: seen.At}, nil
	}
	problems := []error{err}
	asOf := c.now()
	projects := distinct([]string{cloud.ServiceAccountProject(q.Name), q.Project})
	for _, p := range projects {
		workload, at, err := c.runsIn(ctx, p, q.Name)
		if workload != "" {
			return policies.Fact{Value: true, Source: "listed: //run.googleapis.com/" + workload, At: at}, nil
		}
		problems, asOf = append(problems, err), earlier(asOf, at)
	}
	workload, at, err := c.foundRunning(ctx, q.Name)
	if workload != "" {
		return policies.Fact{Value: true, Source: "found by Asset search and read: " + workload, At: at}, nil
	}
	problems = append(problems, err)
	if len(projects) == 0 {
		problems = append(problems, errors.New("no project to look in is known"))
	}
	if err := sentence(problems); err != nil {
		return policies.Fact{}, err
	}
	return policies.Fact{
		Source: "no service, job or worker pool of projects " + strings.Join(projects, ", ") + " runs as it", At: earlier(asOf, at),
	}, nil
}

// runsIn is runsAs, kept for a while. A sighting is not kept: whichever process saw the
// account, all know it from the store at once.
func (c *Client) runsIn(ctx context.Context, project, email string) (string, time.Time, error) {
	return read(ctx, c.readings, reading{projectRunsAs, cloud.ProjectResource(project).Path(), email}, func(ctx context.Context) (string, error) {
		return c.runsAs(ctx, project, email)
	})
}

// foundRunning is searchRunsAs, kept for a while.
func (c *Client) foundRunning(ctx context.Context, email string) (string, time.Time, error) {
	return read(ctx, c.readings, reading{kind: searchedRunsAs, name: email}, func(ctx context.Context) (string, error) {
		return c.searchRunsAs(ctx, email)
	})
}

func (c *Client) sighting(ctx context.Context, email string) (s remediate.Sighting, ok bool, err error) {
	if c.identities == nil {
		return s, false, nil
	}
	s, err = c.identities.Identity(ctx, email)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return s, false, nil
	case err != nil:
		return s, false, fmt.Errorf("sighting of %s: %w", email, passingError{err})
	}
	return s, true, nil
}

// runsAs returns a workload of the project that runs as the account, or "".
func (c *Client) runsAs(ctx context.Context, project, email string) (string, error) {
	var problems []error
	unnamed := ""
	for _, k := range []cloud.Kind{cloud.RunService, cloud.RunJob, cloud.RunWorkerPool, cloud.RunInstance} {
		users, err := c.users(ctx, project, k)
		problems = append(problems, err)
		for _, u := range users {
			if strings.EqualFold(u.account, email) {
				return u.workload, nil
			}
			if u.account == "" {
				unnamed = u.workload
			}
		}
		workload, err := c.pinnedAs(ctx, users, email)
		if workload != "" {
			return workload, nil
		}
		problems = append(problems, err)
	}
	if unnamed != "" && cloud.IsDefaultServiceAccount(email) {
		account, err := c.defaultAccount(ctx, project)
		if account == email {
			return unnamed, nil
		}
		problems = append(problems, err)
	}
	return "", sentence(problems)
}

// sentence joins the errors in one line, as the Why of a fact is shown.
func sentence(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) == 0 {
		return nil
	}
	return inOneLine(errs)
}

// inOneLine are errors that are shown in one line.
type inOneLine []error

func (e inOneLine) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (e inOneLine) Unwrap() []error { return e }

// groupRuns answers whether a workload runs as a service account in the group.
func (c *Client) groupRuns(ctx context.Context, q policies.Question, group string) (policies.Fact, error) {
	if c.inGroup == nil {
		return policies.Fact{}, fmt.Errorf("who is in the group %s is not read", group)
	}
	accounts, asOf, err := read(ctx, c.readings, reading{kind: groupMembers, of: group}, func(ctx context.Context) ([]string, error) {
		return c.inGroup(ctx, group)
	})
	problems := []error{err}
	for _, email := range accounts {
		f, err := c.runtimeIdentity(ctx, policies.Question{Kind: q.Kind, Name: email, Project: q.Project})
		if f.Value {
			f.Source = email + " is in " + group + "; " + f.Source
			return f, nil
		}
		problems = append(problems, err)
	}
	if err := sentence(problems); err != nil {
		return policies.Fact{}, err
	}
	return policies.Fact{Source: "no workload runs as a service account in " + group, At: asOf}, nil
}
