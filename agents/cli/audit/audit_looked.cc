#include "agents/cli/audit/audit_looked.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "agents/cli/audit/audit_export.h"
#include "agents/cli/ledger/entry_view.h"
#include "agents/cli/session/exit_code.h"
#include "agents/cli/terminal/text.h"
#include "derwent/v1/agent_audit.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::cli {
namespace {

constexpr size_t kKeyDigits = 16;
constexpr size_t kLargestPage = 500;

google::protobuf::Timestamp TimestampOf(int64_t millis) {
  google::protobuf::Timestamp time;
  time.set_seconds(millis / 1000);
  time.set_nanos(static_cast<int32_t>(millis % 1000) * 1'000'000);
  return time;
}

int64_t MillisOf(const google::protobuf::Timestamp& time) { return time.seconds() * 1000 + time.nanos() / 1'000'000; }

// Reads by an act's own clock, so that an empty page has no bound.
template <typename Request>
void Bound(const LooksPage& page, Request& request) {
  if (page.from > 0) *request.mutable_start_time() = TimestampOf(page.from);
  if (page.until > 0) *request.mutable_end_time() = TimestampOf(page.until);
}

// `most`: looks at most, 0: all.
absl::Status AddOpenings(Client& client, const AuditFilters& filters, const LooksPage& page, size_t most,
                         std::vector<Look>& looks) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentAuditService::NewStub(agent->grpc());
  v1::ListOpeningsRequest request;
  RETURN_IF_ERROR(SetPeriod(filters, request));
  Bound(page, request);
  request.set_person(filters.person);
  request.set_share_id(filters.share);
  request.set_page_size(static_cast<int32_t>(most == 0 ? kLargestPage : std::min(most, kLargestPage)));
  const size_t before = looks.size();
  do {
    ASSIGN_OR_RETURN(const v1::ListOpeningsResponse told,
                     agent->Call(*stub, &v1::AgentAuditService::Stub::ListOpenings, request, client.options()));
    for (const v1::Opening& opening : told.openings()) {
      const int64_t millis = MillisOf(opening.time());
      looks.push_back({.millis = millis,
                       .cells = {TimeText(absl::StrCat(millis)), "agent", "", opening.person(), opening.action(),
                                 opening.share_id()}});
    }
    request.set_page_token(told.next_page_token());
  } while (!request.page_token().empty() && (most == 0 || looks.size() - before < most));
  return absl::OkStatus();
}

// Returns the query's own entry.
absl::StatusOr<uint64_t> AddReads(Client& client, v1::SearchLedgerEntriesRequest request, size_t most,
                                  std::vector<Look>& looks) {
  const auto add = [&looks](const v1::LedgerEntry& entry) -> absl::Status {
    const EntryView view(entry);
    int64_t millis = 0;
    if (!absl::SimpleAtoi(view.Field("time"), &millis)) return absl::DataLossError("an entry has no time");
    const std::string action = view.Pair("ids", "request");
    looks.push_back(
        {.millis = millis,
         .cells = {view.Time(), "ledger", absl::StrCat(entry.index()), view.Field("releasing_person"),
                   view.Field("subject_tags").empty() ? action : absl::StrCat(action, " of a person"), ""}});
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(const Searched searched, EachEntry(client, std::move(request), static_cast<int>(most), add));
  return searched.query;
}

}  // namespace

absl::StatusOr<LooksPage> LooksPage::Parse(absl::string_view text, absl::string_view key) {
  LooksPage page;
  if (text.empty()) return page;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
  const bool reads = parts.size() == 4 && absl::SimpleAtoi(parts[0], &page.from) &&
                     absl::SimpleAtoi(parts[1], &page.skip) && absl::SimpleAtoi(parts[2], &page.until) &&
                     parts[3] == key && page.skip <= 1'000'000;
  return reads ? absl::StatusOr<LooksPage>(page)
               : absl::InvalidArgumentError("`--page` is not one that this list gave");
}

std::string LooksPage::ToString(absl::string_view key) const {
  return absl::StrCat(from, "-", skip, "-", until, "-", key);
}

bool LooksPage::Take(size_t limit, std::vector<Look>& looks) {
  std::ranges::stable_sort(looks, {}, &Look::millis);
  const bool more = limit > 0 && looks.size() > skip + limit;
  if (more) looks.resize(skip + limit);
  const int64_t last = looks.empty() ? from : looks.back().millis;
  const auto of_last = static_cast<uint64_t>(std::ranges::count(looks, last, &Look::millis));
  looks.erase(looks.begin(), looks.begin() + static_cast<int64_t>(std::min<uint64_t>(skip, looks.size())));
  if (more) {
    from = last;
    skip = of_last;
  }
  return more;
}

absl::StatusOr<int> ListLooks(Client& client, const AuditFilters& filters, Format format) {
  AuditFilters whole = filters;
  whole.page.clear();
  ASSIGN_OR_RETURN(v1::SearchLedgerEntriesRequest request, SearchOf(client, whole));
  const std::string key = trust::Sha256(ExportKey(request)).hex().substr(0, kKeyDigits);
  ASSIGN_OR_RETURN(LooksPage page, LooksPage::Parse(filters.page, key));
  if (filters.limit > 0 && page.until == 0)
    page.until = request.has_end_time() ? std::min(MillisOf(request.end_time()), absl::ToUnixMillis(absl::Now()))
                                        : absl::ToUnixMillis(absl::Now());
  const auto limit = static_cast<size_t>(filters.limit);
  const size_t most = limit == 0 ? 0 : page.skip + limit + 1;
  request.clear_share_id();
  request.set_view(v1::SEARCH_VIEW_LOOKS);
  Bound(page, request);
  std::vector<Look> looks;
  uint64_t query = 0;
  if (filters.share.empty()) {  // A look into the ledger is about no share.
    ASSIGN_OR_RETURN(query, AddReads(client, std::move(request), most, looks));
  }
  if (filters.identifiers.empty()) RETURN_IF_ERROR(AddOpenings(client, filters, page, most, looks));
  const bool more = page.Take(limit, looks);
  Rows rows({"time", "where", "entry", "person", "action", "share"});
  for (Look& look : looks) rows.Add(std::move(look.cells));
  rows.Print(format, std::cout);
  std::cerr << "an agency's console or agent has no person"
            << (query == 0 ? "" : absl::StrCat("; this look is entry ", query)) << "\n";
  if (more) std::cerr << "there is more: --page " << page.ToString(key) << "\n";
  return kExitDone;
}

}  // namespace derwent::cli
