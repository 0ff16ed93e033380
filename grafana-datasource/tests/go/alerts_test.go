package grafana

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/grafana/dataplane/sdata/numeric"
	"sigs.k8s.io/yaml"
)

const provisioning = "../../provisioning/alerting"

type rules struct {
	Groups []struct {
		Name  string `json:"name"`
		Rules []rule `json:"rules"`
	} `json:"groups"`
}

type rule struct {
	UID       string `json:"uid"`
	Title     string `json:"title"`
	Condition string `json:"condition"`
	Data      []struct {
		RefID             string `json:"refId"`
		DatasourceUID     string `json:"datasourceUid"`
		RelativeTimeRange struct{ From int64 }
		Model             map[string]any `json:"model"`
	} `json:"data"`
	Annotations map[string]string `json:"annotations"`
	Labels      map[string]string `json:"labels"`
}

// Labels of one alert.
type instance map[string]string

func (i instance) key() string {
	text, _ := json.Marshal(i)
	return string(text)
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(provisioning, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// The rules' queries are asked as Grafana's scheduler does, read by its data plane, compared, and their messages made.
func (h *host) testAlertRules(t *testing.T) {
	h.engine.fail(t, "MemoryError", 900)
	eventually(t, "new pattern", func() bool {
		return len(h.engine.sql(t, "SELECT 1 AS one FROM errors WHERE error_type = 'MemoryError' LIMIT 1")) == 1
	})
	var file rules
	read(t, "rules.yaml", &file)
	tested := 0
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			t.Run(rule.UID, func(t *testing.T) { h.testRule(t, rule) })
			tested++
		}
	}
	if tested < 3 {
		t.Fatalf("%d rules", tested)
	}
}

func (h *host) testRule(t *testing.T, rule rule) {
	firing, expression := map[string]float64{}, map[string]any(nil)
	var labels []instance
	queried := ""
	for _, query := range rule.Data {
		switch query.DatasourceUID {
		case sourceUID:
			queried = query.RefID
			back := time.Duration(query.RelativeTimeRange.From) * time.Second
			frames := h.query(t, query.Model, back, map[string]string{"FromAlert": "true"})
			checkForm(t, frames)
			reader, err := numeric.CollectionReaderFromFrames(frames)
			if err != nil {
				t.Fatal(err)
			}
			collection, err := reader.GetCollection(false)
			if err != nil {
				t.Fatal(err)
			}
			for _, ref := range collection.Refs {
				value, _, err := ref.NullableFloat64Value()
				if err != nil || value == nil {
					t.Fatal(value, err)
				}
				found := instance{"alertname": rule.Title}
				for name, value := range ref.GetLabels() {
					found[name] = value
				}
				labels = append(labels, found)
				firing[found.key()] = *value
			}
		case "__expr__":
			expression = query.Model
			if query.RefID != rule.Condition || expression["type"] != "threshold" || expression["expression"] != queried {
				t.Errorf("expression %v", expression)
			}
		default:
			t.Errorf("data source %s", query.DatasourceUID)
		}
	}
	if len(labels) == 0 {
		t.Fatal("no instance")
	}
	evaluator := expression["conditions"].([]any)[0].(map[string]any)["evaluator"].(map[string]any)
	limit := evaluator["params"].([]any)[0].(float64)
	fires := 0
	for _, found := range labels {
		value := firing[found.key()]
		if value <= limit {
			continue
		}
		fires++
		made := map[string]string{}
		for name, text := range rule.Annotations {
			made[name] = execute(t, text, map[string]any{
				"Labels": found, "Values": map[string]any{queried: map[string]float64{"Value": value}},
			})
		}
		checkMessage(t, rule, found, made)
	}
	if fires == 0 {
		t.Errorf("%v: none above %v", firing, limit)
	}
}

// The message says what, where and why, and leads there.
func checkMessage(t *testing.T, rule rule, labels instance, made map[string]string) {
	t.Helper()
	whole := made["summary"] + "\n" + made["description"]
	if strings.Contains(whole, "<no value>") || strings.Contains(whole, "{{") {
		t.Errorf("message %q", whole)
	}
	wanted := []string{labels["service_name"]}
	dashboard := "http://grafana/d/errata-overview"
	if pattern := labels["pattern_id"]; pattern != "" {
		wanted = append(wanted, labels["error_type"], labels["message"], labels["top_frames"])
		dashboard = "http://grafana/d/errata-pattern?var-pattern=" + pattern
		if !strings.HasPrefix(made["trace"], jaegerURL+"/trace/") {
			t.Errorf("trace %q", made["trace"])
		}
		if labels["top_frames"] == "" && labels["error_type"] == "MemoryError" {
			t.Errorf("no frames in %v", labels)
		}
	}
	for _, part := range wanted {
		if !strings.Contains(whole, part) {
			t.Errorf("%s: no %q in %q", rule.UID, part, whole)
		}
	}
	if made["dashboard"] != dashboard {
		t.Errorf("dashboard %q", made["dashboard"])
	}
	// The message as contact points send it.
	var file struct {
		Templates []struct{ Template string } `json:"templates"`
	}
	read(t, "templates.yaml", &file)
	message := file.Templates[0].Template + `{{ template "errata.title" . }}|{{ template "errata.message" . }}`
	sent := execute(t, message, map[string]any{
		"Status": "firing", "CommonLabels": labels, "Alerts": []map[string]any{{"Annotations": made}},
	})
	t.Log(sent)
	for _, part := range []string{"[firing] " + made["summary"], made["description"], made["dashboard"], made["trace"]} {
		if !strings.Contains(sent, part) {
			t.Errorf("no %q in %q", part, sent)
		}
	}
}

// Grafana's templates are Go's, with functions of its own.
func execute(t *testing.T, text string, values any) string {
	t.Helper()
	functions := template.FuncMap{"externalURL": func() string { return "http://grafana/" }}
	parsed, err := template.New("").Funcs(functions).Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var made strings.Builder
	if err := parsed.Execute(&made, values); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return made.String()
}

// No file of provisioning holds a dollar sign that Grafana would take for a variable, but for those that are meant.
func TestProvisioningHasNoAccidentalVariables(t *testing.T) {
	for _, name := range []string{"rules.yaml", "templates.yaml", "examples/contact-points.yaml"} {
		var file any
		read(t, name, &file)
		walk(file, func(path, text string) {
			isQuery := strings.HasSuffix(path, ".rawSql") // Grafana leaves models of queries as they are
			if strings.Contains(text, "$") && !isQuery && !strings.HasPrefix(text, "$ERRATA_") {
				t.Errorf("%s: %s holds %q", name, path, text)
			}
		})
	}
}

func walk(value any, visit func(path, text string)) {
	var into func(path string, value any)
	into = func(path string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for name, inner := range value {
				into(path+"."+name, inner)
			}
		case []any:
			for _, inner := range value {
				into(path+"[]", inner)
			}
		case string:
			visit(path, value)
		}
	}
	into("", value)
}
