// Package grafana plays Grafana with Grafana's own code: go-plugin starts the plugin, the SDK's decoder reads its
// frames, and the data plane's readers judge their forms. What only we could read would not count.
//
// Environment: ERRATA_TEST_PLUGIN, a gpx_errata (optimised at least a little, as its CPU is measured); ERRATA_TEST_BIN, an errata.
package grafana

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

const (
	sourceUID = "errata"
	jaegerURL = "http://jaeger.example:16686"
)

// A plugin under go-plugin, as Grafana has it, and the engine that its data source names.
type host struct {
	client *plugin.Client
	pid    int
	data   grpcplugin.DataClient
	diag   grpcplugin.DiagnosticsClient
	stream grpcplugin.StreamClient
	engine *engine
	log    *bytes.Buffer
}

type engine struct {
	http, otlpHTTP, otlpGRPC string
}

func binary(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("%s is not set; tests/run sets it", variable)
	}
	return path
}

// Starts an engine with what `errata demo` makes: programs in Python and Bash that really fail.
func startEngine(t *testing.T) *engine {
	t.Helper()
	folder := t.TempDir()
	errata := binary(t, "ERRATA_TEST_BIN")
	command := exec.Command(errata, "serve", "--data-dir", folder, "--otlp-grpc-addr", "127.0.0.1:0",
		"--otlp-http-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--grpc-addr", "127.0.0.1:0")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	var addresses map[string]string
	eventually(t, "addresses.json", func() bool {
		text, err := os.ReadFile(filepath.Join(folder, "addresses.json"))
		return err == nil && json.Unmarshal(text, &addresses) == nil
	})
	at := func(name string) string { return "http://" + addresses[name] }
	found := &engine{http: at("http"), otlpHTTP: at("otlp_http"), otlpGRPC: at("otlp_grpc")}
	eventually(t, "/readyz", func() bool {
		answer, err := http.Get(found.http + "/readyz")
		return err == nil && answer.StatusCode == http.StatusOK
	})
	demo := exec.Command(errata, "demo", "--only", "python,bash", "--endpoint", found.otlpGRPC, "--query-url", found.http)
	output, err := demo.CombinedOutput()
	if err != nil {
		t.Fatalf("errata demo: %v\n%s", err, output)
	}
	// Tables are committed one by one: that spans can be queried does not mean that the exceptions can.
	for table, said := range map[string]*regexp.Regexp{
		"spans": regexp.MustCompile(`(\d+) spans`), "errors": regexp.MustCompile(`(\d+) failed\.`),
	} {
		counts := said.FindSubmatch(output)
		if counts == nil {
			t.Fatalf("errata demo does not say %s:\n%s", said, output)
		}
		eventually(t, fmt.Sprintf("%s %s", counts[1], table), func() bool {
			rows := found.sql(t, "SELECT CAST(count(*) AS VARCHAR) AS n FROM "+table)
			return rows[0]["n"] == string(counts[1])
		})
	}
	return found
}

// Rows of a statement, straight from the engine.
func (e *engine) sql(t *testing.T, query string) []map[string]any {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"query": query})
	answer, err := http.Post(e.http+"/api/v1/sql", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var rows []map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&rows); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return rows
}

// Sends one failed execution over OTLP and returns its trace id.
func (e *engine) fail(t *testing.T, kind string, nth int) string {
	t.Helper()
	trace := fmt.Sprintf("%032x", time.Now().UnixNano())
	now := time.Now()
	text := func(key, value string) string {
		return fmt.Sprintf(`{"key":%q,"value":{"stringValue":%q}}`, key, value)
	}
	body := fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[%s]},"scopeSpans":[{"spans":[{
		"traceId":%q,"spanId":"%016x","name":"run cell","startTimeUnixNano":"%d","endTimeUnixNano":"%d",
		"attributes":[%s,%s,%s],"events":[{"name":"exception","timeUnixNano":"%d","attributes":[%s,%s,%s]}]}]}]}]}`,
		text("service.name", "go-test"), trace, nth+1, now.Add(-time.Second).UnixNano(), now.UnixNano(),
		text("exec.session.id", "go-session"), text("enduser.id", "ada"), text("exec.id", "exec-"+trace),
		now.UnixNano(), text("exception.type", kind), text("exception.message", "it happened"),
		text("exception.stacktrace", "Traceback (most recent call last):\n  File \"/app/x.py\", line 1, in f\n"+kind+": it happened"))
	answer, err := http.Post(e.otlpHTTP+"/v1/traces", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(answer.Body)
		t.Fatalf("OTLP: %s %s", answer.Status, said)
	}
	return trace
}

// Starts the plugin as Grafana does.
func startHost(t *testing.T, engine *engine) *host {
	t.Helper()
	log := &bytes.Buffer{}
	client := plugin.NewClient(&plugin.ClientConfig{
		Cmd: exec.Command(binary(t, "ERRATA_TEST_PLUGIN")),
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: grpcplugin.ProtocolVersion, MagicCookieKey: grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{grpcplugin.ProtocolVersion: {
			"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
			"resource":    &grpcplugin.ResourceGRPCPlugin{},
			"data":        &grpcplugin.DataGRPCPlugin{},
			"stream":      &grpcplugin.StreamGRPCPlugin{},
		}},
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Debug, Output: log}),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		SkipHostEnv:      true,
	})
	t.Cleanup(client.Kill)
	protocol, err := client.Client()
	if err != nil {
		t.Fatal(err)
	}
	if err := protocol.Ping(); err != nil {
		t.Fatalf("health service: %v", err)
	}
	started := &host{client: client, pid: client.ReattachConfig().Pid, engine: engine, log: log}
	started.data = dispense[grpcplugin.DataClient](t, protocol, "data")
	started.diag = dispense[grpcplugin.DiagnosticsClient](t, protocol, "diagnostics")
	started.stream = dispense[grpcplugin.StreamClient](t, protocol, "stream")
	return started
}

func dispense[T any](t *testing.T, protocol plugin.ClientProtocol, name string) T {
	t.Helper()
	raw, err := protocol.Dispense(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw.(T)
}

func (h *host) context() *pluginv2.PluginContext {
	settings, _ := json.Marshal(map[string]any{"jaegerUrl": jaegerURL})
	return &pluginv2.PluginContext{
		OrgId: 1, PluginId: "errata-patterns-datasource",
		User: &pluginv2.User{Login: "ada", Role: "Editor"},
		DataSourceInstanceSettings: &pluginv2.DataSourceInstanceSettings{
			Uid: sourceUID, Url: h.engine.http, JsonData: settings,
		},
	}
}

// One query over the last `back`, decoded as Grafana does.
func (h *host) query(t *testing.T, model map[string]any, back time.Duration, headers map[string]string) data.Frames {
	t.Helper()
	response := h.ask(t, model, back, headers)
	if response.Error != "" || response.Status != http.StatusOK {
		t.Fatalf("%v: %d %s", model, response.Status, response.Error)
	}
	frames, err := data.UnmarshalArrowFrames(response.Frames)
	if err != nil {
		t.Fatalf("%v: %v", model, err)
	}
	return frames
}

func (h *host) ask(t *testing.T, model map[string]any, back time.Duration, headers map[string]string) *pluginv2.DataResponse {
	t.Helper()
	encoded, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(time.Second).UnixMilli()
	request := &pluginv2.QueryDataRequest{PluginContext: h.context(), Headers: headers, Queries: []*pluginv2.DataQuery{{
		RefId: "A", IntervalMS: 60_000, MaxDataPoints: 500, Json: encoded,
		TimeRange: &pluginv2.TimeRange{FromEpochMS: now - back.Milliseconds(), ToEpochMS: now},
	}}}
	response, err := h.data.QueryData(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	return response.Responses["A"]
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(50 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("no %s within a minute", what)
}
