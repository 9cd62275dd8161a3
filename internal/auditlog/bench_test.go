package auditlog

import (
	"encoding/json"
	"testing"
)

// BenchmarkDecode sets Decode of a SetIamPolicy entry beside encoding/json
// into a map, which is the least that reading the same bytes takes without us.
func BenchmarkDecode(b *testing.B) {
	all := fixtures(b)
	compact := func(name string) []byte {
		var v any
		if err := json.Unmarshal(all[name], &v); err != nil {
			b.Fatal(err)
		}
		out, err := json.Marshal(v)
		if err != nil {
			b.Fatal(err)
		}
		return out
	}
	for _, name := range []string{setPolicy, "v1-replace-service-gcloud", "system-event"} {
		entry := compact(name)
		b.Run(name+"/Decode", func(b *testing.B) {
			b.SetBytes(int64(len(entry)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Decode(entry)
			}
		})
		b.Run(name+"/map", func(b *testing.B) {
			b.SetBytes(int64(len(entry)))
			b.ReportAllocs()
			for b.Loop() {
				var m map[string]any
				if err := json.Unmarshal(entry, &m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
