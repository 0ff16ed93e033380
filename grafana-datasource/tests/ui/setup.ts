/** Starts the engine and a host for each Grafana once, for all tests; what it returns stops them. */
import { Engine, Host, pages, START } from './engine';

export default async function setup() {
  const engine = await Engine.start();
  const hosts: Host[] = [];
  const stop = () => {
    hosts.forEach((host) => host.stop());
    engine.stop();
  };
  try {
    const urls: Record<string, string> = {};
    for (const [version, folder] of Object.entries(pages())) {
      const host = await Host.start(engine.url, folder);
      hosts.push(host);
      urls[version] = host.url;
    }
    // The workers are children of this process.
    process.env[START] = JSON.stringify({ engine: engine.url, hosts: urls });
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}
