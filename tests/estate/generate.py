#!/usr/bin/env python3
"""Makes estates from a seed, in every form that `bascule assess` reads.

generate.py --resources 37 --seed 1 --out DIR [--forms graph,csv,...]

An estate is groups of 37 resources that depend on each other as a small organisation's do; the last group is cut where the
number is reached. The same seed gives the same bytes. Forms: graph (az graph query), pages (the same in pages of 1,000),
table (the REST answer as a table), lines (JSON lines), csv (the portal's export), utf16 (the same as Excel saves it),
template (exported templates of 800 resources), state and plan (terraform show -json), logs and logs-csv (storage logs),
cost and cost-mca (cost exports), metrics.
"""
import argparse
import csv
import io
import json
import pathlib
import random
import uuid

FORMS = ["graph", "pages", "table", "lines", "csv", "utf16", "template", "state", "plan", "logs", "logs-csv", "cost", "cost-mca", "metrics"]
GROUP = 37
# What must come out nowhere: a storage key, a password, a connection string, marked as Terraform marks them.
SECRETS = {
    "primary_access_key": "Pl4ntedKeyQ7x2mZrT9wLkV0bNcYh3sUeGdJfA8oXi5pR1tMqB6zWnCvHyKgSlEu+DjOaFPbI4w7kT2xY9QmLw==",
    "administrator_login_password": "planted-Passw0rd-9471",
    "primary_connection_string": "DefaultEndpointsProtocol=https;AccountName=planted;AccountKey=UGxhbnRlZENvbm5lY3Rpb25TdHJpbmc5OTk5;EndpointSuffix=core.windows.net",
}


def guid(rng):
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


class Group:
    """One workload: 37 resources as Resource Graph shows them."""

    def __init__(self, number, seed):
        self.rng = random.Random(f"{seed}/{number}")
        self.number = number
        subscription = guid(random.Random(f"{seed}/subscription/{number // 200}"))
        self.tag = f"{number:05d}"
        self.group = f"rg-app-{self.tag}"
        self.subscription = subscription
        self.location = self.rng.choice(["westeurope", "northeurope", "francecentral", "germanywestcentral"])
        self.scope = f"/subscriptions/{subscription}/resourceGroups/{self.group}"
        self.all = []

    def id(self, kind, name):
        namespace, *types = kind.split("/")
        return f"{self.scope}/providers/{namespace}/" + "/".join(f"{t}/{n}" for t, n in zip(types, name.split("/")))

    def add(self, arm_type, name, properties=None, **more):
        # Resource Graph writes types in lower case.
        row = {"id": self.id(arm_type, name), "name": name.split("/")[-1], "type": arm_type.lower(), "location": self.location,
               "resourceGroup": self.group.lower(), "subscriptionId": self.subscription, **more, "properties": properties or {},
               "tags": {"owner": f"team{self.number % 7}", "env": self.rng.choice(["prod", "test"])}}
        self.all.append((arm_type, name, row))
        return row["id"]

    def build(self):
        t, rng = self.tag, self.rng
        net, compute, storage = "Microsoft.Network/", "Microsoft.Compute/", "Microsoft.Storage/storageAccounts"
        vnet, hub = self.id(net + "virtualNetworks", f"vnet-{t}"), self.id(net + "virtualNetworks", f"hub-{t}")
        subnet = f"{vnet}/subnets/default"
        nsg = self.id(net + "networkSecurityGroups", f"nsg-{t}")
        nics = [self.id(net + "networkInterfaces", f"nic-{t}-{i}") for i in range(3)]
        identity = self.id("Microsoft.ManagedIdentity/userAssignedIdentities", f"id-{t}")
        vault = self.id("Microsoft.KeyVault/vaults", f"kv-{t}")

        def peering(name, to):
            return [{"name": name, "properties": {"remoteVirtualNetwork": {"id": to}, "peeringState": "Connected"}}]
        self.add(net + "virtualNetworks", f"vnet-{t}", {
            "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
            "subnets": [{"id": subnet, "name": "default", "properties": {"addressPrefix": "10.1.0.0/24", "networkSecurityGroup": {"id": nsg},
                         "ipConfigurations": [{"id": f"{nic}/ipConfigurations/primary"} for nic in nics]}}],
            "virtualNetworkPeerings": peering("to-hub", hub)})
        self.add(net + "virtualNetworks", f"hub-{t}", {"virtualNetworkPeerings": peering("to-spoke", vnet)})
        self.add(net + "networkSecurityGroups", f"nsg-{t}", {"subnets": [{"id": subnet}], "networkInterfaces": [{"id": n} for n in nics]})
        address = self.add(net + "publicIPAddresses", f"pip-{t}", {"ipConfiguration": {"id": f"{nics[0]}/ipConfigurations/primary"}}, sku={"name": "Standard"})
        self.add(net + "loadBalancers", f"lb-{t}", {"frontendIPConfigurations": [{"properties": {"subnet": {"id": subnet}}}]}, sku={"name": "Standard"})
        balancer = self.id(net + "loadBalancers", f"lb-{t}")
        for i, nic in enumerate(nics):
            vm = self.id(compute + "virtualMachines", f"vm-{t}-{i}")
            configuration = {"subnet": {"id": subnet}, "loadBalancerBackendAddressPools": [{"id": f"{balancer}/backendAddressPools/pool"}]}
            if i == 0:
                configuration["publicIPAddress"] = {"id": address}
            self.add(net + "networkInterfaces", f"nic-{t}-{i}", {"ipConfigurations": [{"name": "primary", "properties": configuration}], "virtualMachine": {"id": vm}})
            disks = []
            for kind, size in (("os", 128), ("data", rng.choice([256, 512, 1024]))):
                disks.append(self.add(compute + "disks", f"disk-{t}-{i}-{kind}", {"diskSizeGB": size, "diskState": "Attached"}, sku={"name": "Premium_LRS"}, managedBy=vm))
            self.add(compute + "virtualMachines", f"vm-{t}-{i}", {
                "hardwareProfile": {"vmSize": rng.choice(["Standard_D4s_v5", "Standard_E8s_v5"])},
                "storageProfile": {"osDisk": {"osType": "Windows" if i == 2 else "Linux", "managedDisk": {"id": disks[0]}}, "dataDisks": [{"managedDisk": {"id": disks[1]}}]},
                "networkProfile": {"networkInterfaces": [{"id": nic}]}}, identity={"type": "UserAssigned", "userAssignedIdentities": {identity: {}}} if i == 0 else None)
        endpoint = self.id(net + "privateEndpoints", f"pe-{t}")
        main = self.add(storage, f"stmain{t}", {
            "isHnsEnabled": False, "allowSharedKeyAccess": True, "publicNetworkAccess": "Disabled",
            "encryption": {"keySource": "Microsoft.Keyvault", "keyvaultproperties": {"keyvaulturi": f"https://kv-{t}.vault.azure.net"}},
            "privateEndpointConnections": [{"properties": {"privateEndpoint": {"id": endpoint}}}]}, kind="StorageV2", sku={"name": "Standard_GRS"})
        self.add(storage, f"stlake{t}", {"isHnsEnabled": True, "allowSharedKeyAccess": False}, kind="StorageV2", sku={"name": "Standard_ZRS"})
        self.add(storage, f"stfile{t}", {}, kind="FileStorage", sku={"name": "Premium_LRS"})
        self.add(storage, f"stlogs{t}", {"isSftpEnabled": self.number % 3 == 1}, kind="StorageV2", sku={"name": "Standard_LRS"})
        self.add(net + "privateEndpoints", f"pe-{t}", {"subnet": {"id": subnet}, "privateLinkServiceConnections": [{"properties": {"privateLinkServiceId": main, "groupIds": ["blob"]}}]})
        self.add("Microsoft.KeyVault/vaults", f"kv-{t}", {"sku": {"name": "standard"}})
        self.add("Microsoft.ManagedIdentity/userAssignedIdentities", f"id-{t}")
        plan = self.add("Microsoft.Web/serverFarms", f"plan-{t}", sku={"name": "P1v3"})
        self.add("Microsoft.Web/sites", f"app-{t}", {"serverFarmId": plan}, kind="app,linux", identity={"type": "UserAssigned", "userAssignedIdentities": {identity: {}}})
        self.add("Microsoft.DBforPostgreSQL/flexibleServers", f"pg-{t}", {"storage": {"storageSizeGB": 256}, "network": {"delegatedSubnetResourceId": subnet}}, sku={"name": "Standard_D4ds_v5"})
        server = self.add("Microsoft.Sql/servers", f"sql-{t}")
        self.add("Microsoft.Sql/servers/databases", f"sql-{t}/orders", {"maxSizeBytes": 268435456000}, sku={"name": "GP_S_Gen5"}, managedBy=server)
        self.add("Microsoft.Cache/Redis", f"redis-{t}", {"sku": {"name": "Standard"}})
        self.add("Microsoft.ServiceBus/namespaces", f"bus-{t}", sku={"name": "Standard"})
        registry = self.add("Microsoft.ContainerRegistry/registries", f"acr{t}", sku={"name": "Premium"})
        self.add("Microsoft.ContainerService/managedClusters", f"aks-{t}", {"agentPoolProfiles": [{"name": "pool", "vnetSubnetID": subnet}], "acr": registry}, identity={"type": "SystemAssigned"})
        workspace = self.add("Microsoft.OperationalInsights/workspaces", f"log-{t}")
        self.add("Microsoft.Insights/components", f"appi-{t}", {"WorkspaceResourceId": workspace}, kind="web")
        self.add("Microsoft.Insights/metricAlerts", f"alert-{t}", {"scopes": [main]})
        self.add("Contoso.Widgets/widgets", f"widget-{t}", {"vault": vault})
        for _, _, row in self.all:
            for key in [key for key, value in row.items() if value is None]:
                del row[key]
        assert len(self.all) == GROUP, len(self.all)
        return self


def groups(count, seed):
    for number in range((count + GROUP - 1) // GROUP):
        group = Group(number, seed).build()
        if (number + 1) * GROUP > count:
            group.all = group.all[:count - number * GROUP]
        yield group


def rows(count, seed):
    for group in groups(count, seed):
        for _, _, row in group.all:
            yield row


def write_graph(count, seed, to):
    with open(to / "graph.json", "w") as out:
        out.write(f'{{\n  "count": {count},\n  "data": [\n')
        for i, row in enumerate(rows(count, seed)):
            out.write(("    " if i == 0 else ",\n    ") + json.dumps(row))
        out.write(f'\n  ],\n  "skip_token": null,\n  "total_records": {count}\n}}\n')


def write_pages(count, seed, to):
    page, number = [], 0

    def flush(last):
        nonlocal page, number
        number += 1
        answer = {"totalRecords": count, "count": len(page), "resultTruncated": "false", "data": page}
        if not last:
            answer["$skipToken"] = f"token{number}"
        (to / f"page-{number:04d}.json").write_text(json.dumps(answer))
        page = []
    for row in rows(count, seed):
        if len(page) == 1000:
            flush(False)
        page.append(row)
    flush(True)


COLUMNS = ["id", "name", "type", "location", "resourceGroup", "subscriptionId", "kind", "sku", "identity", "managedBy", "properties", "tags"]


def write_table(count, seed, to):
    columns = [{"name": name, "type": "object" if name in ("sku", "identity", "properties", "tags") else "string"} for name in COLUMNS]
    with open(to / "table.json", "w") as out:
        out.write(f'{{"totalRecords":{count},"count":{count},"data":{{"columns":{json.dumps(columns)},"rows":[')
        for i, row in enumerate(rows(count, seed)):
            out.write(("," if i else "") + json.dumps([row.get(name) for name in COLUMNS]))
        out.write(']},"facets":[],"resultTruncated":"false"}')


def write_lines(count, seed, to):
    with open(to / "lines.jsonl", "w") as out:
        for row in rows(count, seed):
            out.write(json.dumps(row, separators=(",", ":")) + "\n")


def csv_lines(count, seed):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([name.upper() if name in ("id", "name", "type") else name for name in COLUMNS])
    for row in rows(count, seed):
        cells = [row.get(name, "") for name in COLUMNS]
        writer.writerow([json.dumps(c, separators=(",", ":")) if isinstance(c, (dict, list)) else c for c in cells])
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def write_csv(count, seed, to):
    with open(to / "portal.csv", "w", encoding="utf-8-sig", newline="") as out:
        out.writelines(csv_lines(count, seed))


def write_utf16(count, seed, to):
    with open(to / "excel.csv", "w", encoding="utf-16", newline="") as out:
        for line in csv_lines(count, seed):
            out.write(line)


def as_expression(group, value):
    """Ids of the same group become resourceId(), as exports write them."""
    if isinstance(value, str) and value.startswith(group.scope + "/providers/"):
        namespace, *rest = value[len(group.scope) + len("/providers/"):].split("/")
        names = ", ".join(f"'{name}'" for name in rest[1::2])
        return f"[resourceId('{namespace}/{'/'.join(rest[0::2])}', {names})]"
    if isinstance(value, dict):
        return {as_expression(group, key): as_expression(group, inner) for key, inner in value.items()}
    return [as_expression(group, inner) for inner in value] if isinstance(value, list) else value


def write_template(count, seed, to):
    parameters, resources, number = {}, [], 0

    def flush():
        nonlocal parameters, resources, number
        number += 1
        template = {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
                    "parameters": parameters, "variables": {}, "resources": resources}
        (to / f"template-{number:04d}.json").write_text(json.dumps(template, indent=1))
        parameters, resources = {}, []
    for group in groups(count, seed):
        if len(resources) + GROUP > 800:
            flush()
        for kind, name, row in group.all:
            first, *rest = name.split("/")
            parameter = f"{kind.split('/')[1]}_{first.replace('-', '_')}_name"
            parameters[parameter] = {"defaultValue": first, "type": "String"}
            expression = f"[concat(parameters('{parameter}'), '/{'/'.join(rest)}')]" if rest else f"[parameters('{parameter}')]"
            body = {"type": kind, "apiVersion": "2023-01-01", "name": expression, "location": row["location"]}
            for key in ("kind", "sku", "identity", "properties"):
                if key in row:
                    body[key] = as_expression(group, row[key])
            if rest:
                body["dependsOn"] = [f"[resourceId('{kind.rsplit('/', 1)[0]}', parameters('{parameter}'))]"]
            resources.append(body)
    flush()


TERRAFORM = {
    "Microsoft.Network/virtualNetworks": "azurerm_virtual_network", "Microsoft.Network/networkSecurityGroups": "azurerm_network_security_group",
    "Microsoft.Network/publicIPAddresses": "azurerm_public_ip", "Microsoft.Network/loadBalancers": "azurerm_lb",
    "Microsoft.Network/networkInterfaces": "azurerm_network_interface", "Microsoft.Compute/disks": "azurerm_managed_disk",
    "Microsoft.Compute/virtualMachines": "azurerm_linux_virtual_machine", "Microsoft.Storage/storageAccounts": "azurerm_storage_account",
    "Microsoft.Network/privateEndpoints": "azurerm_private_endpoint", "Microsoft.KeyVault/vaults": "azurerm_key_vault",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "azurerm_user_assigned_identity", "Microsoft.Web/serverFarms": "azurerm_service_plan",
    "Microsoft.Web/sites": "azurerm_linux_web_app", "Microsoft.DBforPostgreSQL/flexibleServers": "azurerm_postgresql_flexible_server",
    "Microsoft.Sql/servers": "azurerm_mssql_server", "Microsoft.Sql/servers/databases": "azurerm_mssql_database", "Microsoft.Cache/Redis": "azurerm_redis_cache",
    "Microsoft.ServiceBus/namespaces": "azurerm_servicebus_namespace", "Microsoft.ContainerRegistry/registries": "azurerm_container_registry",
    "Microsoft.ContainerService/managedClusters": "azurerm_kubernetes_cluster", "Microsoft.OperationalInsights/workspaces": "azurerm_log_analytics_workspace",
    "Microsoft.Insights/components": "azurerm_application_insights", "Microsoft.Insights/metricAlerts": "azurerm_monitor_metric_alert",
    "Contoso.Widgets/widgets": "azapi_resource",
}


def references(value, found):
    if isinstance(value, str):
        if value.startswith("/subscriptions/"):
            found.append(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("ipConfigurations", "virtualMachine", "privateEndpointConnections", "ipConfiguration") or "subnet" in json.dumps(inner):
                references(inner, found)
    elif isinstance(value, list):
        for inner in value:
            references(inner, found)
    return found


def terraform_resources(count, seed, with_ids):
    for group in groups(count, seed):
        for kind, name, row in group.all:
            values = {"name": name.split("/")[-1], "resource_group_name": group.group, "location": row["location"], "tags": row["tags"], "timeouts": None}
            sensitive = {"tags": {}}
            properties = row["properties"]
            if with_ids:
                values["id"] = row["id"]
                back = kind in ("Microsoft.Network/networkSecurityGroups", "Microsoft.Network/publicIPAddresses")
                values["linked"] = [] if back else references(properties, []) + list(row.get("identity", {}).get("userAssignedIdentities", {}))
            if kind == "Microsoft.Storage/storageAccounts":
                tier, replication = row["sku"]["name"].split("_")
                values.update(account_tier=tier, account_replication_type=replication, account_kind=row["kind"], is_hns_enabled=properties.get("isHnsEnabled", False),
                              shared_access_key_enabled=properties.get("allowSharedKeyAccess", True), sftp_enabled=properties.get("isSftpEnabled", False))
                for secret in ("primary_access_key", "primary_connection_string"):
                    values[secret] = SECRETS[secret]
                    sensitive[secret] = True
            if kind == "Microsoft.Compute/disks":
                values.update(disk_size_gb=properties["diskSizeGB"], storage_account_type=row["sku"]["name"])
            if kind == "Microsoft.DBforPostgreSQL/flexibleServers":
                values.update(storage_mb=262144, administrator_login_password=SECRETS["administrator_login_password"])
                sensitive["administrator_login_password"] = True
            if TERRAFORM[kind] == "azapi_resource":
                values["type"] = kind + "@2023-01-01"
            label = name.replace("/", "_").replace("-", "_")
            yield {"address": f"module.app_{group.tag}.{TERRAFORM[kind]}.{label}", "mode": "managed", "type": TERRAFORM[kind], "name": label,
                   "provider_name": "registry.terraform.io/hashicorp/azurerm", "schema_version": 1, "values": values, "sensitive_values": sensitive}


def write_terraform(count, seed, to, name, head, tail, with_ids):
    with open(to / name, "w") as out:
        out.write(head)
        for i, resource in enumerate(terraform_resources(count, seed, with_ids)):
            out.write(("," if i else "") + json.dumps(resource) + "\n")
        out.write(tail)


def write_state(count, seed, to):
    secret = json.dumps(SECRETS["primary_access_key"])
    write_terraform(count, seed, to, "state.json",
                    '{"format_version":"1.0","terraform_version":"1.9.5","values":{"outputs":{"key":{"sensitive":true,"value":' + secret + '}},'
                    '"root_module":{"child_modules":[{"address":"module.app","resources":[', ']}]}}}', True)


def write_plan(count, seed, to):
    secret = json.dumps(SECRETS["administrator_login_password"])
    write_terraform(count, seed, to, "plan.json",
                    '{"format_version":"1.2","terraform_version":"1.9.5","variables":{"password":{"value":' + secret + '}},'
                    '"planned_values":{"root_module":{"resources":[', ']}},"resource_changes":[],"configuration":{}}', False)


OPERATIONS = [("GetBlob", "AccountKey", 60), ("PutBlob", "SAS", 15), ("ListBlobs", "AccountKey", 8), ("GetBlobProperties", "OAuth", 8), ("PutBlock", "AccountKey", 5),
              ("AppendFile", "OAuth", 7), ("DeleteBlob", "AccountKey", 1), ("GetBlob", "Anonymous", 1)]
AGENTS = ["azsdk-python-storage-blob/12.23.0 Python/3.11.2 (Linux-6.1.0-x86_64)", "azsdk-net-Storage.Blobs/12.21.2 (.NET 8.0.8; Ubuntu 22.04)",
          "AzCopy/10.26.0 Azure-Storage/0.15 (go1.22)", "rclone/v1.66.0"]


def log_entries(count, seed):
    rng = random.Random(f"{seed}/logs")
    accounts = [row for row in rows(min(count, 5000), seed) if row["type"] == "microsoft.storage/storageaccounts"] or list(rows(1, seed))
    weights = [weight for _, _, weight in OPERATIONS]
    for i in range(max(200, count)):
        account = accounts[rng.randrange(min(len(accounts), 50))]
        operation, authentication, _ = rng.choices(OPERATIONS, weights)[0]
        yield (f"2026-10-{1 + i * 31 // max(200, count):02d}T{i % 24:02d}:{i % 60:02d}:11.1234567Z", account, operation, authentication, rng.choice(AGENTS),
               rng.choices([200, 404, 403], [95, 4, 1])[0], rng.randrange(0, 1 << 20))


def write_logs(count, seed, to):
    with open(to / "PT1H.json", "w") as out:
        for time, account, operation, authentication, agent, status, size in log_entries(count, seed):
            out.write(json.dumps({
                "time": time, "resourceId": account["id"] + "/blobServices/default", "category": "StorageRead", "operationName": operation,
                "operationVersion": "2024-11-04", "schemaVersion": "1.0", "statusCode": status, "statusText": "Success", "durationMs": 7,
                "callerIpAddress": "10.1.0.4:40312", "correlationId": "00000000-0000-0000-0000-000000000000",
                "identity": {"type": authentication, "tokenHash": "key1(5F…)"}, "location": account["location"],
                "properties": {"accountName": account["name"], "userAgentHeader": agent, "serviceType": "blob", "objectKey": "/x/private/name.txt",
                               "responseBodySize": size, "tlsVersion": "TLS 1.3"},
                "uri": f"https://{account['name']}.blob.core.windows.net/x/private/name.txt?sv=2024-11-04&sig=UGxhbnRlZFNpZ25hdHVyZQ%3D%3D", "protocol": "HTTPS",
                "resourceType": "Microsoft.Storage/storageAccounts/blobServices"}) + "\n")


def write_logs_csv(count, seed, to):
    with open(to / "StorageBlobLogs.csv", "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["TenantId", "TimeGenerated [UTC]", "AccountName", "OperationName", "AuthenticationType", "StatusCode", "UserAgentHeader", "ResponseBodySize", "Uri", "Type"])
        for time, account, operation, authentication, agent, status, size in log_entries(count, seed):
            writer.writerow(["t", time, account["name"], operation, authentication, status, agent, size, "https://a/b?sig=UGxhbnRlZFNpZ25hdHVyZQ", "StorageBlobLogs"])


def cost_rows(count, seed):
    rng = random.Random(f"{seed}/cost")
    days = 31 if count <= 5000 else 1
    for row in rows(count, seed):
        price = round(rng.uniform(0.1, 9), 4)
        for day in range(1, days + 1):
            yield row, day, price, "Virtual Machines", "D4s v5", 24, "1 Hour"
            if row["type"] == "microsoft.storage/storageaccounts":
                yield row, day, 0.5, "Storage", "Hot LRS Data Stored", 1000 / 31 * 31 / days, "1 GB/Month"
                yield row, day, 0.08, "Bandwidth", "Standard Data Transfer Out", 3, "1 GB"


def write_cost(count, seed, to):
    with open(to / "cost-actual.csv", "w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["InvoiceSectionName", "SubscriptionId", "ResourceGroup", "Date", "MeterCategory", "MeterName", "UnitOfMeasure", "Quantity", "CostInBillingCurrency",
                         "BillingCurrencyCode", "ResourceId", "Tags"])
        for row, day, price, category, meter, quantity, unit in cost_rows(count, seed):
            writer.writerow(["section", row["subscriptionId"], row["resourceGroup"], f"10/{day:02d}/2026", category, meter, unit, quantity, price, "EUR", row["id"].lower(), '"a": "b"'])


def write_cost_mca(count, seed, to):
    with open(to / "cost-mca.csv", "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["invoiceId", "billingCurrency", "date", "meterCategory", "meterName", "unitOfMeasure", "quantity", "costInBillingCurrency", "ResourceId"])
        for row, day, price, category, meter, quantity, unit in cost_rows(count, seed):
            writer.writerow(["G1", "EUR", f"2026-10-{day:02d}", category, meter, unit, quantity, price, row["id"]])


def write_metrics(count, seed, to):
    rng = random.Random(f"{seed}/metrics")
    with open(to / "metrics.json", "w") as out:
        for row in rows(count, seed):
            if row["type"] == "microsoft.storage/storageaccounts":
                out.write(json.dumps({"cost": 0, "namespace": "Microsoft.Storage/storageAccounts", "timespan": "2026-10-30T00:00:00Z/2026-10-31T00:00:00Z", "value": [{
                    "id": row["id"] + "/providers/Microsoft.Insights/metrics/UsedCapacity", "name": {"value": "UsedCapacity"}, "type": "Microsoft.Insights/metrics",
                    "unit": "Bytes", "timeseries": [{"data": [{"timeStamp": "2026-10-30T00:00:00Z", "average": rng.randrange(1 << 30, 1 << 42)}]}]}]}) + "\n")


WRITERS = {"graph": write_graph, "pages": write_pages, "table": write_table, "lines": write_lines, "csv": write_csv, "utf16": write_utf16, "template": write_template,
           "state": write_state, "plan": write_plan, "logs": write_logs, "logs-csv": write_logs_csv, "cost": write_cost, "cost-mca": write_cost_mca, "metrics": write_metrics}


def generate(count, seed, to, forms=FORMS):
    to = pathlib.Path(to)
    to.mkdir(parents=True, exist_ok=True)
    for form in forms:
        WRITERS[form](count, seed, to)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resources", type=int, default=37)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    parser.add_argument("--forms", default=",".join(FORMS))
    chosen = parser.parse_args()
    generate(chosen.resources, chosen.seed, chosen.out, chosen.forms.split(","))


if __name__ == "__main__":
    main()
