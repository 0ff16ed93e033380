import { DataSourcePlugin } from '@grafana/data';

import { ConfigEditor } from './components/ConfigEditor';
import { QueryEditor } from './components/QueryEditor';
import { QueryHelp } from './components/QueryHelp';
import { ErrataDataSource } from './datasource';
import type { ErrataQuery, ErrataSecrets, ErrataSettings } from './types';

export const plugin = new DataSourcePlugin<ErrataDataSource, ErrataQuery, ErrataSettings, ErrataSecrets>(
  ErrataDataSource
)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(QueryHelp);
