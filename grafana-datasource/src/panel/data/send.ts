import { type BackendSrvRequest, getBackendSrv } from '@grafana/runtime';
import { lastValueFrom } from 'rxjs';

import type { Send } from './client';

/** Through Grafana's own client, without its pop-ups: the panel says what went wrong where it went wrong. */
export const sendThroughGrafana: Send = async (request) => {
  const options: BackendSrvRequest = { ...request, showErrorAlert: false, showSuccessAlert: false };
  const response = await lastValueFrom(getBackendSrv().fetch<unknown>(options));
  return { data: response.data, header: (name) => response.headers?.get(name) ?? null };
};
