#include "broker/ledger/search.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_split.h"

#include "broker/ledger/attributes.h"
#include "trust/base/status_macros.h"

namespace derwent::ledger {
namespace {

using trust::Field;

// Entries fetched at a time while the entries themselves are asked.
constexpr size_t kChunk = 256;

// Of the viewer's entries gone through at a time: where they end costs as much as how many they are.
constexpr size_t kWindow = 1'000;

// Steps that say that nobody answered, or that a call was refused.
constexpr std::array<absl::string_view, 5> kUnanswered = {"expiry", "acceptance_overdue", "outcome_overdue",
                                                          "quota_exceeded", "refused_call"};

bool NamesCategory(absl::string_view lines, absl::string_view category) {
  for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    if (Attribute(line, "category") == category) return true;
  }
  return false;
}

bool ActedFor(const trust::SealedFields& fields, Viewer viewer, absl::string_view person) {
  return (Has(viewer, Viewer::kReleasing) && fields[Field::kReleasingPerson] == person) ||
         (Has(viewer, Viewer::kReceiving) && fields[Field::kReceivingPerson] == person);
}

bool IsRefusal(const store::EntryColumns& columns) {
  return columns.outcome == "DENY" || std::ranges::find(kUnanswered, columns.step) != kUnanswered.end();
}

bool Matches(const SearchQuery& query, const PackedEntry& entry) {
  const store::EntryColumns columns = entry.Columns();
  const trust::SealedFields& fields = entry.fields;
  if (!query.person.empty() && !ActedFor(fields, ViewerFor(query, columns), query.person)) return false;
  if (!query.category.empty() && !NamesCategory(fields[Field::kCategories], query.category)) return false;
  if (!query.agreement.empty() && Attribute(fields[Field::kAgreement], "agreement") != query.agreement) return false;
  return query.view != View::kRefusals || IsRefusal(columns);
}

bool AsksEntries(const SearchQuery& query) {
  return !query.person.empty() || !query.category.empty() || !query.agreement.empty() || query.view == View::kRefusals;
}

// Where the next `count` of the viewer's entries end. What is found by person or share is bounded by itself.
absl::StatusOr<uint64_t> EndOfWindow(store::Reader& reader, const store::EntryQuery& rows, size_t count) {
  if (!rows.tags.empty() || !rows.share_id.empty()) return rows.before_index;
  if (rows.before_index - rows.from_index <= count) return rows.before_index;
  if (rows.every_agency) return rows.from_index + count;
  ASSIGN_OR_RETURN(const std::optional<uint64_t> after, reader.IndexAfter(rows.viewer_agency, rows.from_index, count));
  return std::min(rows.before_index, after.value_or(UINT64_MAX));
}

// Puts the time range into indexes, so that every page of a query has the same.
absl::Status SetRange(store::Reader& reader, store::EntryQuery& rows) {
  ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
  rows.before_index = std::min(rows.before_index, head.size);
  if (rows.start > absl::UnixEpoch()) {
    ASSIGN_OR_RETURN(const uint64_t first, reader.FirstIndexAt(rows.start));
    rows.from_index = std::max(rows.from_index, first);
  }
  if (rows.end < absl::InfiniteFuture()) {
    ASSIGN_OR_RETURN(const uint64_t end, reader.FirstIndexAt(rows.end));
    rows.before_index = std::min(rows.before_index, end);
  }
  rows.start = absl::InfinitePast();
  rows.end = absl::InfiniteFuture();
  return absl::OkStatus();
}

bool IsFull(const MatchedPage& page, const SearchQuery& query) { return page.entries.size() >= query.rows.limit; }

// Adds what matches below `end`, until the page is full.
absl::Status MatchWindow(store::Reader& reader, const SearchQuery& query, uint64_t end, MatchedPage& page) {
  store::EntryQuery rows = query.rows;
  rows.before_index = end;
  rows.limit = AsksEntries(query) ? kChunk : query.rows.limit;
  while (rows.from_index < end) {
    ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, reader.SearchEntries(rows));
    for (const uint64_t index : indexes) {
      ASSIGN_OR_RETURN(FoundEntry found, FindEntry(reader, index));
      if (!Matches(query, found.entry)) continue;
      page.entries.push_back(std::move(found));
      page.next = index + 1;
      if (IsFull(page, query)) return absl::OkStatus();
    }
    if (indexes.size() < rows.limit) break;
    rows.from_index = indexes.back() + 1;
  }
  page.next = end;
  return absl::OkStatus();
}

}  // namespace

Viewer ViewerFor(const SearchQuery& query, const store::EntryColumns& columns) {
  return query.rows.every_agency ? Viewer::kAuditor : ViewerOf(columns, query.rows.viewer_agency);
}

absl::StatusOr<MatchedPage> Match(store::Reader& reader, SearchQuery query) {
  if (query.view == View::kLooks && query.rows.step.empty()) query.rows.step = "read";
  RETURN_IF_ERROR(SetRange(reader, query.rows));
  const uint64_t before = query.rows.before_index;
  MatchedPage page{.entries = {}, .next = query.rows.from_index, .last = false};
  for (size_t examined = 0; examined < query.most_examined && page.next < before && !IsFull(page, query);) {
    const size_t count = std::min(kWindow, query.most_examined - examined);
    query.rows.from_index = page.next;
    ASSIGN_OR_RETURN(const uint64_t end, EndOfWindow(reader, query.rows, count));
    RETURN_IF_ERROR(MatchWindow(reader, query, end, page));
    examined += count;
  }
  page.last = page.next >= before;
  return page;
}

absl::StatusOr<SearchPage> Search(store::Reader& reader, SearchQuery query) {
  ASSIGN_OR_RETURN(const MatchedPage matched, Match(reader, query));
  SearchPage page{.entries = {}, .next = matched.next, .last = matched.last};
  if (matched.entries.empty()) return page;
  ASSIGN_OR_RETURN(EntryOpener opener, EntryOpener::Create(reader));
  for (const FoundEntry& found : matched.entries) {
    ASSIGN_OR_RETURN(OpenedEntry opened, opener.Open(found, ViewerFor(query, found.entry.Columns())));
    page.entries.push_back(std::move(opened));
  }
  return page;
}

}  // namespace derwent::ledger
