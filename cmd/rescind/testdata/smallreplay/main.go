// Command smallreplay is what rescind replay is compared with: the same questions asked
// of a log with encoding/json alone, into structs that hold nothing else, by as many
// goroutines as there are processors. It prints how many entries violate something.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

type entry struct {
	Payload struct {
		ServiceName string `json:"serviceName"`
		MethodName  string `json:"methodName"`
		Status      struct {
			Code int `json:"code"`
		} `json:"status"`
		Response struct {
			Spec struct {
				Template struct {
					Spec struct {
						Account string `json:"serviceAccountName"`
					} `json:"spec"`
				} `json:"template"`
			} `json:"spec"`
			Template struct {
				Account string `json:"serviceAccount"`
			} `json:"template"`
			Bindings []struct {
				Role    string   `json:"role"`
				Members []string `json:"members"`
			} `json:"bindings"`
		} `json:"response"`
		ServiceData struct {
			Delta struct {
				Bindings []struct{ Action, Role, Member string } `json:"bindingDeltas"`
			} `json:"policyDelta"`
		} `json:"serviceData"`
	} `json:"protoPayload"`
}

func (e *entry) violates() bool {
	p := &e.Payload
	if p.Status.Code != 0 {
		return false
	}
	for _, b := range p.ServiceData.Delta.Bindings {
		if b.Action == "ADD" && (b.Role == "roles/editor" || b.Role == "roles/owner") && strings.HasPrefix(b.Member, "serviceAccount:") {
			return true
		}
	}
	if p.ServiceName != "run.googleapis.com" {
		return false
	}
	for _, b := range p.Response.Bindings {
		for _, m := range b.Members {
			if b.Role == "roles/run.invoker" && (m == "allUsers" || m == "allAuthenticatedUsers") {
				return true
			}
		}
	}
	account := p.Response.Spec.Template.Spec.Account + p.Response.Template.Account
	return strings.HasSuffix(account, "-compute@developer.gserviceaccount.com")
}

func main() {
	f, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	lines := make(chan []string, 64)
	var found atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for some := range lines {
				for _, line := range some {
					var e entry
					if json.Unmarshal([]byte(line), &e) == nil && e.violates() {
						found.Add(1)
					}
				}
			}
		})
	}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	var some []string
	for s.Scan() {
		if some = append(some, s.Text()); len(some) == 256 {
			lines <- some
			some = nil
		}
	}
	lines <- some
	close(lines)
	all.Wait()
	fmt.Println(found.Load())
}
