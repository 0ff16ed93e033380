package grafana

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/dataplane/sdata/timeseries"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

const day = 24 * time.Hour

func TestPlugin(t *testing.T) {
	engine := startEngine(t)
	host := startHost(t, engine)
	t.Run("health", host.testHealth)
	t.Run("frames", host.testFrames)
	t.Run("error source", host.testErrorSource)
	t.Run("alert rules", host.testAlertRules)
	t.Run("live", host.testLive)
	t.Run("cpu", host.testCPU)
	host.client.Kill()
	// hclog has read the lines as such: level and values are told apart.
	for _, line := range []string{"[INFO]  gpx_errata: the plugin listens: version=", `the plugin ends: why="Grafana says so"`} {
		if !host.client.Exited() || !strings.Contains(host.log.String(), line) {
			t.Errorf("no %q in the log:\n%s", line, host.log)
		}
	}
}

func (h *host) testHealth(t *testing.T) {
	health, err := h.diag.CheckHealth(context.Background(), &pluginv2.CheckHealthRequest{PluginContext: h.context()})
	if err != nil || health.Status != pluginv2.CheckHealthResponse_OK {
		t.Fatalf("%v %v", health, err)
	}
	metrics, err := h.diag.CollectMetrics(context.Background(), &pluginv2.CollectMetricsRequest{})
	if err != nil || !strings.Contains(string(metrics.Metrics.Prometheus), "errata_plugin_live_streams") {
		t.Fatalf("%v %v", metrics, err)
	}
}

// Every type is read by Grafana's decoder, goes to the browser as JSON, and is of the form that it says it is.
func (h *host) testFrames(t *testing.T) {
	session := h.engine.sql(t, "SELECT session_id FROM sessions WHERE parent_session_id IS NOT NULL LIMIT 1")[0]["session_id"]
	pattern := h.engine.sql(t, "SELECT pattern_id FROM pattern_report LIMIT 1")[0]["pattern_id"]
	for _, query := range []struct {
		name   string
		model  map[string]any
		frames int // at least
	}{
		{"table", map[string]any{"queryType": "sql", "rawSql": "SELECT * FROM errors WHERE $__timeFilter(timestamp)"}, 1},
		{"spans", map[string]any{"queryType": "sql", "rawSql": "SELECT * FROM spans"}, 1},
		{"instances", map[string]any{"rawSql": "SELECT error_type, language, count(*) AS n FROM errors GROUP BY 1, 2"}, 1},
		{"no rows", map[string]any{"rawSql": "SELECT * FROM errors WHERE false"}, 1},
		{"no series", map[string]any{"format": "timeseries", "rawSql": "SELECT timestamp, user_id, severity FROM errors WHERE false"}, 1},
		{"multi", map[string]any{"format": "timeseries", "rawSql": "SELECT $__timeGroup(timestamp, 1m) AS time, language, count(*) AS n FROM errors GROUP BY 1, 2"}, 2},
		{"wide", map[string]any{"format": "timeseries", "rawSql": "SELECT $__timeGroup(timestamp) AS time, count(*) AS n, avg(severity) AS s FROM errors GROUP BY 1"}, 1},
		{"sql logs", map[string]any{"format": "logs", "rawSql": "SELECT timestamp, message, severity, user_id FROM errors"}, 1},
		{"report", map[string]any{"queryType": "report"}, 1},
		{"series", map[string]any{"queryType": "series"}, 1},
		{"series by pattern", map[string]any{"queryType": "series", "groupBy": "pattern", "limit": 3}, 4},
		{"series by severity", map[string]any{"queryType": "series", "groupBy": "severity"}, 1},
		{"sessions", map[string]any{"queryType": "sessions"}, 1},
		{"timeline", map[string]any{"queryType": "timeline", "session": session}, 1},
		{"lineage", map[string]any{"queryType": "lineage", "session": session}, 2},
		{"heatmap", map[string]any{"queryType": "heatmap", "groupBy": "user"}, 1},
		{"feed", map[string]any{"queryType": "feed"}, 1},
		{"logs", map[string]any{"queryType": "logs"}, 1},
		{"annotations", map[string]any{"queryType": "annotations"}, 1},
		{"annotations of one", map[string]any{"queryType": "annotations", "filters": map[string]any{"pattern": pattern}}, 1},
	} {
		t.Run(query.name, func(t *testing.T) {
			frames := h.query(t, query.model, day, nil)
			if len(frames) < query.frames {
				t.Fatalf("%d frames", len(frames))
			}
			rows := 0
			for _, frame := range frames {
				length, err := frame.RowLen()
				if err != nil {
					t.Fatal(err)
				}
				rows += length
				if _, err := json.Marshal(frame); err != nil {
					t.Fatal(err)
				}
				if _, err := frame.MarshalArrow(); err != nil {
					t.Fatal(err)
				}
			}
			if rows == 0 && !strings.HasPrefix(query.name, "no ") {
				t.Fatal("no rows")
			}
			checkForm(t, frames)
		})
	}
}

// Judges frames by the form that their meta data names.
func checkForm(t *testing.T, frames data.Frames) {
	t.Helper()
	kind := frames[0].Meta.Type
	switch {
	case kind.IsTimeSeries():
		reader, err := timeseries.CollectionReaderFromFrames(frames)
		if err != nil {
			t.Fatal(err)
		}
		collection, err := reader.GetCollection(true)
		if err != nil || collection.Warning != nil {
			t.Fatal(err, collection.Warning)
		}
	case kind.IsNumeric():
		reader, err := numeric.CollectionReaderFromFrames(frames)
		if err != nil {
			t.Fatal(err)
		}
		collection, err := reader.GetCollection(false) // it can only read long numbers, not judge them
		if err != nil || collection.Warning != nil {
			t.Fatal(err, collection.Warning)
		}
		if rows, _ := frames[0].RowLen(); rows != len(collection.Refs) {
			t.Fatalf("%d instances of %d rows", len(collection.Refs), rows)
		}
	case kind.IsLogs():
		for name, wanted := range map[string]data.FieldType{
			"timestamp": data.FieldTypeTime, "body": data.FieldTypeString, "labels": data.FieldTypeJSON,
		} {
			field, _ := frames[0].FieldByName(name)
			if field == nil || field.Type() != wanted {
				t.Errorf("%s is %v", name, field)
			}
		}
	case frames[0].Meta.PreferredVisualization == data.VisTypeTrace:
		checkTrace(t, frames[0])
	}
}

// What Grafana's trace view reads.
func checkTrace(t *testing.T, frame *data.Frame) {
	t.Helper()
	for name, wanted := range map[string]data.FieldType{
		"traceID": data.FieldTypeString, "spanID": data.FieldTypeString, "parentSpanID": data.FieldTypeNullableString,
		"operationName": data.FieldTypeString, "serviceName": data.FieldTypeString, "serviceTags": data.FieldTypeJSON,
		"startTime": data.FieldTypeFloat64, "duration": data.FieldTypeFloat64, "logs": data.FieldTypeJSON, "tags": data.FieldTypeJSON,
	} {
		field, _ := frame.FieldByName(name)
		if field == nil || field.Type() != wanted {
			t.Errorf("%s is %v", name, field)
		}
	}
	logs, _ := frame.FieldByName("logs")
	exceptions := 0
	for row := range logs.Len() {
		var events []struct {
			Timestamp float64 `json:"timestamp"`
			Fields    []struct {
				Key   string `json:"key"`
				Value any    `json:"value"`
			} `json:"fields"`
		}
		if err := json.Unmarshal(logs.At(row).(json.RawMessage), &events); err != nil {
			t.Fatal(err)
		}
		exceptions += len(events)
	}
	if exceptions == 0 {
		t.Error("no exception in the trace")
	}
}

// Whose fault an error is: Grafana counts the plugin's own.
func (h *host) testErrorSource(t *testing.T) {
	response := h.ask(t, map[string]any{"rawSql": "SELEKT"}, day, nil)
	if response.ErrorSource != "downstream" || response.Status != 400 {
		t.Errorf("%v", response)
	}
	response = h.ask(t, map[string]any{"queryType": "report", "limit": "many"}, day, nil)
	if response.ErrorSource != "downstream" || !strings.Contains(response.Error, "limit") {
		t.Errorf("%v", response)
	}
}

// From sending an exception to its arrival in the live stream, as Grafana would publish it.
func (h *host) testLive(t *testing.T) {
	frames := h.query(t, map[string]any{"queryType": "feed"}, day, nil)
	path, found := strings.CutPrefix(frames[0].Meta.Channel, "ds/"+sourceUID+"/")
	if !found {
		t.Fatalf("channel %q", frames[0].Meta.Channel)
	}
	subscribed, err := h.stream.SubscribeStream(context.Background(), &pluginv2.SubscribeStreamRequest{PluginContext: h.context(), Path: path})
	if err != nil || subscribed.Status != pluginv2.SubscribeStreamResponse_OK {
		t.Fatal(subscribed, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stream, err := h.stream.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: h.context(), Path: path})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "listener at the engine", func() bool {
		answer, err := http.Get(h.engine.http + "/metrics")
		if err != nil {
			return false
		}
		defer func() { _ = answer.Body.Close() }()
		text, _ := io.ReadAll(answer.Body)
		return regexp.MustCompile(`(?m)^errata_feed_subscribers\S* 1$`).Match(text)
	})
	var slowest time.Duration
	for nth := range 5 {
		began := time.Now()
		trace := h.engine.fail(t, "LiveError", nth)
		packet, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		slowest = max(slowest, took)
		// A live frame is the schema of the subscription with the data of the packet.
		whole := string(subscribed.Data[:len(subscribed.Data)-1]) + "," + string(packet.Data[1:])
		var frame data.Frame
		if err := json.Unmarshal([]byte(whole), &frame); err != nil {
			t.Fatalf("%v: %s", err, whole)
		}
		field, _ := frame.FieldByName("trace_id")
		if value, _ := field.ConcreteAt(0); value != trace {
			t.Fatalf("%v, sent %s", value, trace)
		}
	}
	fmt.Printf("an error is in the live stream after %d ms (slowest of 5)\n", slowest.Milliseconds())
	if slowest > 5*time.Second {
		t.Errorf("%v", slowest)
	}
}

// The plugin's own CPU for a query of 10,000 rows.
func (h *host) testCPU(t *testing.T) {
	const rows, rounds = 10_000, 10
	sql := `SELECT e.timestamp, e.severity, e.error_type, e.message, e.service_name, e.user_id, e.session_id,
		e.pattern_id, e.pattern_new, e.trace_id, e.event_id FROM errors AS e
		CROSS JOIN (SELECT 1 AS n FROM errors) AS b CROSS JOIN (SELECT 1 AS n FROM errors) AS c
		ORDER BY e.timestamp LIMIT 10000`
	model := map[string]any{"rawSql": sql}
	frames := h.query(t, model, day, nil)
	if length, _ := frames[0].RowLen(); length != rows {
		t.Fatalf("%d rows", length)
	}
	before := cpu(t, h.pid)
	for range rounds {
		h.query(t, model, day, nil)
	}
	each := (cpu(t, h.pid) - before) / rounds
	fmt.Printf("a query of %d rows of 11 columns takes %.1f ms of the plugin's CPU (mean of %d)\n",
		rows, float64(each.Microseconds())/1000, rounds)
	if each > 50*time.Millisecond {
		t.Errorf("%v", each)
	}
}

// CPU time that a process has used, from /proc.
func cpu(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // the kernel counts in hundredths of a second
}
