// Host plays the part of Grafana's server that the plugin's pages need: it starts the backend as Grafana does, hands
// it queries, resource calls and health checks with Grafana's own conversions, and serves files.
//
//	host -backend gpx_errata -engine http://127.0.0.1:9680 -files dist -files page
//
// It prints the address that it listens on, and ends when its standard input does.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

const (
	pluginID     = "errata-patterns-datasource"
	bodyBytesMax = 1 << 20
	callTimeout  = 60 * time.Second
	// Whose role the page says in this header, as Grafana would know it from the session.
	roleHeader = "X-Test-Role"
)

type host struct {
	data        grpcplugin.DataClient
	resource    grpcplugin.ResourceClient
	diagnostics grpcplugin.DiagnosticsClient
	engine      string
	token       string
	jaeger      string
	started     time.Time
}

func main() {
	program := flag.String("backend", "", "the plugin's backend")
	engine := flag.String("engine", "", "URL of the engine")
	jaeger := flag.String("jaeger", "", "URL of Jaeger's UI, for the data source's settings")
	var folders list
	flag.Var(&folders, "files", "folder with files to serve; several are looked through in order")
	flag.Parse()
	if err := run(*program, *engine, *jaeger, folders); err != nil {
		log.Fatal(err)
	}
}

type list []string

func (l *list) String() string         { return strings.Join(*l, ",") }
func (l *list) Set(value string) error { *l = append(*l, value); return nil }

func run(program, engine, jaeger string, folders []string) error {
	client := plugin.NewClient(&plugin.ClientConfig{
		Cmd: exec.Command(program),
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  grpcplugin.ProtocolVersion,
			MagicCookieKey:   grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{grpcplugin.ProtocolVersion: {
			"data":        &grpcplugin.DataGRPCPlugin{},
			"resource":    &grpcplugin.ResourceGRPCPlugin{},
			"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
		}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Info}),
	})
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		return fmt.Errorf("the backend %s does not start: %w", program, err)
	}
	made := &host{engine: engine, jaeger: jaeger, token: os.Getenv("ERRATA_TOKEN"), started: time.Now()}
	if made.data, err = dispense[grpcplugin.DataClient](protocol, "data"); err != nil {
		return err
	}
	if made.resource, err = dispense[grpcplugin.ResourceClient](protocol, "resource"); err != nil {
		return err
	}
	if made.diagnostics, err = dispense[grpcplugin.DiagnosticsClient](protocol, "diagnostics"); err != nil {
		return err
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: made.routes(folders), ReadHeaderTimeout: callTimeout}
	go func() {
		// The test that started this holds the other end.
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	fmt.Printf("http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func dispense[T any](protocol plugin.ClientProtocol, name string) (T, error) {
	raw, err := protocol.Dispense(name)
	if err != nil {
		var none T
		return none, fmt.Errorf("the backend has no %s: %w", name, err)
	}
	client, ok := raw.(T)
	if !ok {
		return client, fmt.Errorf("the backend's %s is a %T", name, raw)
	}
	return client, nil
}

func (h *host) routes(folders []string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/ds/query", h.query)
	mux.HandleFunc("/api/datasources/uid/{uid}/resources/{path...}", h.call)
	mux.HandleFunc("GET /api/datasources/uid/{uid}/health", h.health)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/public/plugins/errata-app")
		if name == "/" {
			name = "/index.html"
		}
		for _, folder := range folders {
			file, err := http.Dir(folder).Open(name)
			if err != nil {
				continue
			}
			defer file.Close()
			if info, err := file.Stat(); err == nil && !info.IsDir() {
				http.ServeContent(w, r, info.Name(), info.ModTime(), file)
				return
			}
		}
		http.NotFound(w, r)
	})
	return mux
}

func (h *host) context(r *http.Request, uid string) *pluginv2.PluginContext {
	settings, _ := json.Marshal(map[string]any{"jaegerUrl": h.jaeger})
	role := r.Header.Get(roleHeader)
	if role == "" {
		role = "Editor"
	}
	return backend.ToProto().PluginContext(backend.PluginContext{
		OrgID:         1,
		PluginID:      pluginID,
		PluginVersion: "0.1.0",
		User:          &backend.User{Login: "ada", Name: "Ada", Email: "ada@example.org", Role: role},
		DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{
			ID:                      1,
			UID:                     uid,
			Type:                    pluginID,
			Name:                    "Errata",
			URL:                     h.engine,
			JSONData:                settings,
			DecryptedSecureJSONData: map[string]string{"token": h.token},
			Updated:                 h.started,
		},
	})
}

type queries struct {
	From    string            `json:"from"`
	To      string            `json:"to"`
	Queries []json.RawMessage `json:"queries"`
}

type queryHead struct {
	RefID         string  `json:"refId"`
	QueryType     string  `json:"queryType"`
	IntervalMs    float64 `json:"intervalMs"`
	MaxDataPoints int64   `json:"maxDataPoints"`
	Datasource    struct {
		UID string `json:"uid"`
	} `json:"datasource"`
}

func (h *host) query(w http.ResponseWriter, r *http.Request) {
	var asked queries
	if err := json.NewDecoder(io.LimitReader(r.Body, bodyBytesMax)).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	from, errFrom := strconv.ParseInt(asked.From, 10, 64)
	to, errTo := strconv.ParseInt(asked.To, 10, 64)
	if err := errors.Join(errFrom, errTo); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request := &pluginv2.QueryDataRequest{Headers: map[string]string{}}
	for _, raw := range asked.Queries {
		var head queryHead
		if err := json.Unmarshal(raw, &head); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		request.PluginContext = h.context(r, head.Datasource.UID)
		request.Queries = append(request.Queries, &pluginv2.DataQuery{
			RefId:         head.RefID,
			QueryType:     head.QueryType,
			MaxDataPoints: orElse(head.MaxDataPoints, 1000),
			IntervalMS:    orElse(int64(head.IntervalMs), 15_000),
			TimeRange:     &pluginv2.TimeRange{FromEpochMS: from, ToEpochMS: to},
			Json:          raw,
		})
	}
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	answer, err := h.data.QueryData(ctx, request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	read, err := backend.FromProto().QueryDataResponse(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(read)
}

func (h *host) call(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyBytesMax))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	headers := map[string]*pluginv2.StringList{}
	for name, values := range r.Header {
		headers[name] = &pluginv2.StringList{Values: values}
	}
	path := r.PathValue("path")
	url := path
	if r.URL.RawQuery != "" {
		url += "?" + r.URL.RawQuery
	}
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	stream, err := h.resource.CallResource(ctx, &pluginv2.CallResourceRequest{
		PluginContext: h.context(r, r.PathValue("uid")),
		Path:          path,
		Method:        r.Method,
		Url:           url,
		Headers:       headers,
		Body:          body,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for begun := false; ; begun = true {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if !begun {
			for name, values := range part.Headers {
				w.Header()[http.CanonicalHeaderKey(name)] = values.Values
			}
			w.WriteHeader(int(part.Code))
		}
		_, _ = w.Write(part.Body)
	}
}

func (h *host) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	answer, err := h.diagnostics.CheckHealth(ctx, &pluginv2.CheckHealthRequest{
		PluginContext: h.context(r, r.PathValue("uid")),
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"status": answer.Status.String(), "message": answer.Message})
}

func orElse(value, other int64) int64 {
	if value == 0 {
		return other
	}
	return value
}
