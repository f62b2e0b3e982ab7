/**
 * The classic dashboard schema, in which the SDK's builders of version 0.0.21 are marked as deprecated in favour of schema v2.
 * It stays: Grafana 11 and 12 both read it, and so do file provisioning and the Kubernetes sidecar (docs/adr/0018).
 */
/* eslint-disable @typescript-eslint/no-deprecated */
import * as sdk from '@grafana/grafana-foundation-sdk/dashboard';

export type Dashboard = sdk.Dashboard;
export type Panel = sdk.Panel;
export type RowPanel = sdk.RowPanel;

export function classicDashboard(title: string): sdk.DashboardBuilder {
  return new sdk.DashboardBuilder(title);
}
