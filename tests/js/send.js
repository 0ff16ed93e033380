// Sends failing executions with the official JavaScript SDK, and prints what it sent as JSON.
//
//   node send.js grpc|proto|json traces|logs|both ENDPOINT SERVICE SESSION
//
// Packages are found through NODE_PATH.
'use strict';

const { context, SpanKind, SpanStatusCode, trace } = require('@opentelemetry/api');
const { SeverityNumber } = require('@opentelemetry/api-logs');
const { resourceFromAttributes } = require('@opentelemetry/resources');
const { BatchLogRecordProcessor, LoggerProvider } = require('@opentelemetry/sdk-logs');
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');

const [protocol, signals, endpoint, service, session] = process.argv.slice(2);
const flavour = { grpc: 'grpc', proto: 'proto', json: 'http' }[protocol];
const url = (path) => (protocol === 'grpc' ? `http://${endpoint}` : `${endpoint}${path}`);
const resource = resourceFromAttributes({ 'service.name': service, 'container.id': 'js-container' });

function tracerProvider() {
  const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${flavour}`);
  const exporter = new OTLPTraceExporter({ url: url('/v1/traces') });
  const provider = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
  provider.register();
  return provider;
}

function loggerProvider() {
  const { OTLPLogExporter } = require(`@opentelemetry/exporter-logs-otlp-${flavour}`);
  const exporter = new OTLPLogExporter({ url: url('/v1/logs') });
  const processor = new BatchLogRecordProcessor({ exporter, scheduledDelayMillis: 100 });
  return new LoggerProvider({ resource, processors: [processor] });
}

const failures = [
  () => undefined.length,
  () => JSON.parse('{"broken": '),
  () => require('./there-is-no-such-module'),
  () => missing_name,
  () => new Array(-1),
  () => { throw new Error('outer', { cause: new TypeError('inner') }); },
  () => { throw new AggregateError([new Error('one'), new RangeError('two')], 'several'); },
  () => decodeURIComponent('%'),
];

function caught(run) {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('this program was meant to fail');
}

const sent = [];

function sendSpans(tracer) {
  failures.forEach((run, n) => {
    const attributes = {
      'http.request.header.x_exec_session': [session],
      'enduser.id': `js-user-${n}`,
      'exec.tags': ['js', `n${n}`],
      'exec.id': `js-${n}`,
    };
    tracer.startActiveSpan('run_code', { kind: SpanKind.INTERNAL, attributes }, (span) => {
      const error = caught(run);
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: `${error.name}: ${error.message}` });
      span.end();
      const { traceId, spanId } = span.spanContext();
      sent.push({ signal: 'trace', traceId, spanId, type: error.code ?? error.name, message: error.message, n });
    });
  });
}

function sendLogs(logger) {
  failures.forEach((run, n) => {
    const error = caught(run);
    logger.emit({
      eventName: 'exception',
      severityNumber: SeverityNumber.ERROR,
      severityText: 'ERROR',
      body: 'the execution failed',
      attributes: {
        'exception.type': error.name,
        'exception.message': error.message,
        'exception.stacktrace': error.stack,
        'session.id': session,
        'enduser.id': `js-user-${n}`,
      },
    });
    sent.push({ signal: 'log', type: error.name, message: error.message, n });
  });
}

async function main() {
  const providers = [];
  if (signals !== 'logs') {
    const provider = tracerProvider();
    providers.push(provider);
    sendSpans(provider.getTracer('errata.tests', '1'));
  }
  if (signals !== 'traces') {
    const provider = loggerProvider();
    providers.push(provider);
    sendLogs(provider.getLogger('errata.tests', '1'));
  }
  for (const provider of providers) {
    await provider.forceFlush();
    await provider.shutdown();
  }
  console.log(JSON.stringify(sent));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
