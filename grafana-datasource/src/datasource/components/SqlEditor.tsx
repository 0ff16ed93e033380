import React, { useEffect, useRef } from 'react';
import { CodeEditor, type Monaco, type MonacoEditor } from '@grafana/ui';

import { complete, type SuggestionKind } from '../data/completion';
import type { Schema } from '../types';

interface Props {
  sql: string;
  schema: () => Promise<Schema>;
  /** Text was written. */
  onChange: (sql: string) => void;
  /** The editor was left, or Ctrl+Enter. */
  onRun: (sql: string) => void;
  height?: number;
}

const NOTHING: Schema = { tables: [], functions: [] };

export function SqlEditor({ sql, schema, onChange, onRun, height = 160 }: Props) {
  const completion = useRef<{ dispose(): void }>();
  // The editor keeps the functions of its mount: these always lead to today's.
  const latest = useRef({ schema, onRun });
  useEffect(() => {
    latest.current = { schema, onRun };
  });
  useEffect(() => () => completion.current?.dispose(), []);

  const didMount = (editor: MonacoEditor, monaco: Monaco) => {
    completion.current = registerCompletion(editor, monaco, () => latest.current.schema());
    editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, () => latest.current.onRun(editor.getValue()));
  };

  return (
    <div data-testid="errata-sql-editor">
      <CodeEditor
        language="sql"
        value={sql}
        height={height}
        showLineNumbers
        showMiniMap={false}
        monacoOptions={{ ariaLabel: 'SQL', scrollBeyondLastLine: false, fixedOverflowWidgets: true }}
        onChange={onChange}
        onBlur={onRun}
        onEditorDidMount={didMount}
      />
    </div>
  );
}

/** Completion for one editor's text only; other SQL editors of the page have their own. */
function registerCompletion(editor: MonacoEditor, monaco: Monaco, schema: () => Promise<Schema>) {
  const { CompletionItemInsertTextRule, CompletionItemKind } = monaco.languages;
  const kinds: Record<SuggestionKind, number> = {
    table: CompletionItemKind.Struct,
    column: CompletionItemKind.Field,
    function: CompletionItemKind.Function,
    macro: CompletionItemKind.Snippet,
    keyword: CompletionItemKind.Keyword,
  };
  return monaco.languages.registerCompletionItemProvider('sql', {
    triggerCharacters: ['.', '$', ' ', '('],
    async provideCompletionItems(model, position) {
      if (model.uri.toString() !== editor.getModel()?.uri.toString()) {
        return { suggestions: [] };
      }
      const text = model.getValue();
      const offset = model.getOffsetAt(position);
      const word = /\$?[\w$]*$/.exec(text.slice(0, offset))?.[0] ?? '';
      const range = monaco.Range.fromPositions(model.getPositionAt(offset - word.length), position);
      const known = await schema().catch(() => NOTHING);
      const suggestions = complete(text.slice(0, offset), text.slice(offset), known).map((one, index) => ({
        label: one.label,
        insertText: one.insert,
        insertTextRules: CompletionItemInsertTextRule.InsertAsSnippet,
        kind: kinds[one.kind],
        detail: one.detail,
        sortText: String(index).padStart(5, '0'),
        range,
      }));
      return { suggestions };
    },
  });
}
