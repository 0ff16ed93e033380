import { AppPlugin } from '@grafana/data';

import { StartPage } from './app/StartPage';

export const plugin = new AppPlugin().addConfigPage({ title: 'Start', icon: 'rocket', body: StartPage, id: 'start' });
