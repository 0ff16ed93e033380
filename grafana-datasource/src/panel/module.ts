import { PanelPlugin } from '@grafana/data';

import { TriagePanel } from './components/TriagePanel';
import { DEFAULT_OPTIONS, type TriageOptions } from './types';

export const plugin = new PanelPlugin<TriageOptions>(TriagePanel).setPanelOptions((builder) =>
  builder
    .addTextInput({
      path: 'pattern',
      name: 'Pattern',
      description: 'Id of the pattern to show, or a dashboard variable',
      defaultValue: DEFAULT_OPTIONS.pattern,
    })
    .addTextInput({
      path: 'datasource',
      name: 'Data source',
      description: 'Uid of an Errata data source, or a dashboard variable; empty takes the first there is',
      defaultValue: DEFAULT_OPTIONS.datasource,
    })
);
