//go:build soak

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	cloudrun "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/cloud"
)

// benchLatency is how long each call to the cloud takes while figures are taken.
const benchLatency = 20 * time.Millisecond

// benchPatience is how long what was pushed is waited for, so that a run ends.
const benchPatience = 2 * time.Minute

// bench is one run of figures. The measured program is a process of its own, on
// one core; the cloud, and who pushes, are this process, on the others.
type bench struct {
	*testing.T
	long           bool
	program, small string // built once
	reverting      *revertFigures
	spent          map[string]time.Duration // CPU for each of a kind of event
}

// of is the first in a long run and the second in a short one.
func (b *bench) of(long, short int) int {
	if b.long {
		return long
	}
	return short
}

// benchWorld is a soakWorld with limits at their highest.
func (b *bench) world(t *testing.T) *soakWorld {
	t.Helper()
	w := soakWorldOf(t, b.program, benchLatency, "{per_policy_per_hour: 100000, per_project_per_hour: 100000, per_actor_per_hour: 100000, total_per_hour: 100000}")
	w.env, w.core = []string{"GOMAXPROCS=1"}, benchCore()
	page, err := os.ReadFile(w.config())
	w.must(err)
	write(t, w.config(), strings.Replace(string(page), "google: {", "google: {rates: {reads: 6000, writes: 600}, ", 1))
	return w
}

// benchCore is the core of the measured program, empty where it cannot have one
// to itself.
func benchCore() string {
	if _, err := exec.LookPath("taskset"); err != nil || runtime.NumCPU() < 2 {
		return ""
	}
	return "0"
}

// services makes so many services in each of so many projects, below two folders.
func (w *soakWorld) services(projects, each int) {
	w.t.Helper()
	for p := range projects {
		project := fmt.Sprintf("shop-%03d", p)
		w.cloud.AddProject(project, fmt.Sprint(264172530000+p), "folders/2", "folders/1", "organizations/77")
		w.cloud.AddServiceAccount(project, "web@"+project+".iam.gserviceaccount.com")
	}
	for s := range each {
		for p := range projects {
			project := fmt.Sprintf("shop-%03d", p)
			path := cloud.RunResource(cloud.RunService, project, "europe-west1", fmt.Sprintf("web-%03d", s)).Path()
			w.must(w.cloud.PutService(&runpb.Service{Name: path, Template: &runpb.RevisionTemplate{
				ServiceAccount: "web@" + project + ".iam.gserviceaccount.com", Containers: []*runpb.Container{{Image: "example.com/web:1"}},
			}}))
			w.opened = append(w.opened, path)
		}
	}
}

// told has mallory do something to each service, and returns the entries of it.
func (w *soakWorld) told(do func(context.Context, *cloudrun.ServicesClient, string) error) [][]byte {
	w.t.Helper()
	conn, err := grpc.NewClient(w.addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(mallory{}))
	w.must(err)
	defer conn.Close()
	client, err := cloudrun.NewServicesClient(w.t.Context(), option.WithGRPCConn(conn))
	w.must(err)
	w.mu.Lock()
	before := len(w.entries)
	w.mu.Unlock()
	for _, path := range w.opened {
		w.must(do(w.t.Context(), client, path))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.entries[before:])
}

// granted grants the right to call to somebody.
func granted(member string) func(context.Context, *cloudrun.ServicesClient, string) error {
	return func(ctx context.Context, c *cloudrun.ServicesClient, path string) error {
		_, err := c.SetIamPolicy(ctx, &iampb.SetIamPolicyRequest{Resource: path, Policy: &iampb.Policy{
			Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{member}}},
		}})
		return err
	}
}

// deployed deploys another image.
func deployed(ctx context.Context, c *cloudrun.ServicesClient, path string) error {
	_, err := c.UpdateService(ctx, &runpb.UpdateServiceRequest{
		Service: &runpb.Service{Name: path, Template: &runpb.RevisionTemplate{
			ServiceAccount: "web@" + strings.Split(path, "/")[1] + ".iam.gserviceaccount.com",
			Containers:     []*runpb.Container{{Image: "example.com/web:2"}},
		}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"template"}},
	})
	return err
}

// paced pushes the entries, so many a second, whether or not those before were
// answered, and returns how long each took from when it was due, and when that was.
// What is not taken within benchPatience after the last one was due took 0.
func (w *soakWorld) paced(entries [][]byte, aSecond int, id string) (took []time.Duration, due []time.Time) {
	w.t.Helper()
	took, due = make([]time.Duration, len(entries)), make([]time.Time, len(entries))
	var wg sync.WaitGroup
	began := time.Now()
	ctx, stop := context.WithDeadline(w.t.Context(), began.Add(time.Duration(len(entries))*time.Second/time.Duration(aSecond)+benchPatience))
	defer stop()
	for n, entry := range entries {
		due[n] = began.Add(time.Duration(n) * time.Second / time.Duration(aSecond))
		_ = process.Wait(w.t.Context(), time.Until(due[n]))
		wg.Go(func() {
			switch _, err := w.pusher.Deliver(ctx, entry, fmt.Sprintf("%s%d", id, n)); {
			case err == nil:
				took[n] = time.Since(due[n])
			case ctx.Err() == nil:
				w.t.Error(err)
			}
		})
	}
	wg.Wait()
	return took, due
}

// quantile is what that share of the durations is at most.
func quantile(ds []time.Duration, share float64) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	ds = slices.Sorted(slices.Values(ds))
	return ds[min(int(share*float64(len(ds))), len(ds)-1)]
}

// status reads a field in kB of /proc/PID/status, as bytes.
func status(pid int, field string) (bytes int64) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(b)) {
		if _, err := fmt.Sscanf(line, field+": %d kB", &bytes); err == nil {
			return bytes << 10
		}
	}
	return 0
}

// cpu is what a process and its threads have used, to ten milliseconds.
func cpu(pid int) time.Duration {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := bytes.Cut(b, []byte(") "))
	fields := strings.Fields(string(after))
	if len(fields) < 13 {
		return 0
	}
	var user, system int64
	_, _ = fmt.Sscan(fields[11], &user)
	_, _ = fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// posted sends a body so many times over eight connections, and returns the CPU
// that the process used for each.
func posted(t *testing.T, pid int, port, token string, body []byte, times int) time.Duration {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	before := cpu(pid)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range times / 8 {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+net.JoinHostPort("127.0.0.1", port)+"/events", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Authorization", "Bearer "+token)
				res, err := client.Do(r)
				if err != nil || res.StatusCode != http.StatusNoContent {
					t.Errorf("%v, %v; want 204", res, err)
					return
				}
				res.Body.Close()
			}
		})
	}
	wg.Wait()
	return (cpu(pid) - before) / time.Duration(times/8*8)
}
