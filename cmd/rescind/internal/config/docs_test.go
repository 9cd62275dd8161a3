package config

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// Every YAML block of docs/config.md is a whole file, or goes on top of the
// smallest one.
func TestTheSamplesOfTheConfigDocsLoad(t *testing.T) { loadSamples(t, "../../../../docs/config.md", 3) }

func TestTheSamplesOfTheSlackDocsLoad(t *testing.T) { loadSamples(t, "../../../../docs/slack.md", 3) }

func loadSamples(t *testing.T, file string, atLeast int) {
	t.Helper()
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := yamlBlock.FindAllStringSubmatch(string(doc), -1)
	if len(blocks) < atLeast {
		t.Fatalf("%d samples, want at least %d", len(blocks), atLeast)
	}
	for _, b := range blocks {
		text := b[1]
		if !strings.Contains(text, "identity: ") {
			base := smallConfig
			if strings.Contains(text, "push:") { // a block that has its own
				base = base[:strings.Index(base, "push:")]
			}
			text = base + text
		}
		if _, err := Load(fileOf(t, text)); err != nil {
			t.Errorf("%s\n%s", err, b[1])
		}
	}
}

func TestTheConfigDocsExplainEveryKey(t *testing.T) {
	doc, err := os.ReadFile("../../../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := configKeys("", reflect.TypeFor[Config]())
	if len(keys) < 40 {
		t.Fatalf("%d keys, want all of them: %q", len(keys), keys)
	}
	for _, key := range keys {
		if !strings.Contains(string(doc), "`"+key+"`") {
			t.Errorf("docs/config.md does not explain `%s`", key)
		}
	}
}

// configKeys lists the keys a file may have, "scope.include", those of a list's
// elements as "slack.routes.match".
func configKeys(path string, t reflect.Type) []string {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[Secret]() {
		return []string{path}
	}
	var keys []string
	for f := range t.Fields() {
		keys = append(keys, configKeys(strings.TrimPrefix(path+"."+f.Tag.Get("yaml"), "."), f.Type)...)
	}
	return keys
}

// everything is the block of docs/config.md that has all keys.
func everything(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../../../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(doc), "Everything, with the defaults")
	block := yamlBlock.FindStringSubmatch(after)
	if !ok || block == nil {
		t.Fatal("docs/config.md has no block with everything")
	}
	return block[1]
}

func TestTheBlockWithEverythingHasEveryKeyAndTheDefaults(t *testing.T) {
	text := everything(t)
	var tree any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	for _, key := range configKeys("", reflect.TypeFor[Config]()) {
		if !hasKey(tree, strings.Split(key, ".")) {
			t.Errorf("the block lacks %s", key)
		}
	}
	got, err := Load(fileOf(t, text))
	if err != nil {
		t.Fatal(err)
	}
	sameDefaults(t, "", reflect.ValueOf(Default()), reflect.ValueOf(got))
}

// hasKey follows a key into maps, and into any element of a list.
func hasKey(tree any, key []string) bool {
	if len(key) == 0 {
		return true
	}
	switch v := tree.(type) {
	case map[string]any:
		below, ok := v[key[0]]
		return ok && hasKey(below, key[1:])
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return hasKey(e, key) })
	}
	return false
}

// sameDefaults compares what has a default with what the block says it is.
func sameDefaults(t *testing.T, path string, want, got reflect.Value) {
	t.Helper()
	if want.Kind() == reflect.Struct {
		for i := range want.NumField() {
			sameDefaults(t, path+"."+want.Type().Field(i).Name, want.Field(i), got.Field(i))
		}
		return
	}
	if !want.IsZero() && !reflect.DeepEqual(want.Interface(), got.Interface()) {
		t.Errorf("%s is %v in the block, and %v by default", path, got, want)
	}
}

func TestTheSamplesOfThePagesDocsLoad(t *testing.T) {
	doc, err := os.ReadFile("../../../../docs/pages.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := yamlBlock.FindAllStringSubmatch(string(doc), -1)
	if len(blocks) == 0 {
		t.Fatal("no sample")
	}
	for _, b := range blocks {
		if c, err := Load(fileOf(t, smallConfig+b[1])); err != nil || c.IAP.Audience == "" || len(c.WithoutEffect()) > 0 {
			t.Errorf("%v, without effect %q\n%s", err, c.WithoutEffect(), b[1])
		}
	}
}

// `terraform test` compares the file with what the module writes.
func TestTheConfigurationThatTheTerraformModuleWritesLoads(t *testing.T) {
	c, err := LoadForAnswers("../../../../infra/tests/rescind.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.WithoutEffect()) > 0 || !c.Slack.Configured() || c.IAP.Audience == "" {
		t.Errorf("without effect %q, Slack %t, IAP %q", c.WithoutEffect(), c.Slack.Configured(), c.IAP.Audience)
	}
}
