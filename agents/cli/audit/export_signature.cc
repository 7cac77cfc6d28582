#include "agents/cli/audit/export_signature.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "agents/cli/ledger/entry_rows.h"
#include "agents/cli/terminal/output.h"
#include "agents/sdk/agency_signature.h"
#include "derwent/v1/agent_audit.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/key_event.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::cli {
namespace {

absl::StatusOr<std::string> Read(const std::string& path) {
  if (!std::filesystem::is_regular_file(path)) return Broken(path, "it is missing");
  return ReadIn(path, kMostExportOctets);
}

template <typename Message>
absl::StatusOr<Message> ReadMessage(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string json, Read(path));
  Message message;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &message);
  return parsed.ok() ? absl::StatusOr<Message>(std::move(message)) : Broken(path, "it does not parse");
}

}  // namespace

absl::StatusOr<std::string> KeysForExport(Client& client) {
  ASSIGN_OR_RETURN(const v1::AgencyKeys keys, FetchKeys(client, client.configuration().agency));
  return absl::StrCat(ToJson(keys, false), "\n");
}

absl::StatusOr<std::string> SignManifest(Client& client, absl::string_view manifest) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentAuditService::NewStub(agent->grpc());
  v1::SignExportRequest request;
  request.set_manifest_digest(trust::Sha256(manifest).bytes());
  ASSIGN_OR_RETURN(const v1::SignExportResponse response,
                   agent->Call(*stub, &v1::AgentAuditService::Stub::SignExport, request, client.options()));
  return absl::StrCat(ToJson(response.export_statement(), false), "\n");
}

bool IsSigned(const std::string& folder) {
  return std::filesystem::exists(absl::StrCat(folder, "/", kExportSignature));
}

absl::StatusOr<v1::AuditExport> VerifySignature(const std::string& folder, const KeyRoots& roots,
                                                const Believed& believed, absl::Time now) {
  if (roots.ca.empty() || roots.first_key.empty())
    return absl::InvalidArgumentError("the agency's signature needs --ca and --first-key");
  const std::string path = absl::StrCat(folder, "/", kExportSignature);
  const std::string keys_path = absl::StrCat(folder, "/", kExportKeys);
  ASSIGN_OR_RETURN(const v1::DsseEnvelope envelope, ReadMessage<v1::DsseEnvelope>(path));
  v1::AuditExport statement;
  if (!statement.ParseFromString(envelope.payload())) return Broken(path, "it signs no export");
  ASSIGN_OR_RETURN(const v1::AgencyKeys keys, ReadMessage<v1::AgencyKeys>(keys_path));
  if (keys.agency() != statement.agency()) return Broken(keys_path, "it is of another agency than the signature");
  const absl::StatusOr<trust::KeyHistory> history =
      FollowKeys(keys, roots, {.keys = believed.log_keys, .origin = believed.origin}, now);
  if (absl::IsDataLoss(history.status())) return Broken(keys_path, history.status().message());
  RETURN_IF_ERROR(history.status());
  const absl::Status verified = agents::VerifySigned(envelope, trust::kAuditExportType, *history,
                                                     trust::FromTimestamp(statement.sign_time()), now);
  if (!verified.ok()) return Broken(path, verified.message());
  ASSIGN_OR_RETURN(const std::string manifest, Read(absl::StrCat(folder, "/", kExportManifest)));
  if (trust::Sha256(manifest).view() != statement.manifest_digest()) return Broken(path, "it is of another manifest");
  return statement;
}

}  // namespace derwent::cli
