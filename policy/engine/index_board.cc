#include <algorithm>
#include <map>

#include "policy/engine/index.h"

namespace derwent::policy {
namespace {

constexpr size_t kMost = Interned::kMost;

bool Names(const std::vector<std::string>& list, const Organisation& organisation) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& name) {
    return name == "*" || name == organisation.id || name == organisation.type;
  });
}

}  // namespace

Index::Board Index::BoardOf(const Profile& profile) const {
  Board board{.profile = &profile};
  board.purposes = All(profile.purposes, purposes_) & ~All(profile.denied_purposes, purposes_) & ~excluded_;
  board.senders = All(profile.senders, types_);
  board.necessary = All(profile.necessary, categories_);
  board.blocked_flags = All(profile.blocked_flags, flags_);
  for (const auto& [id, conditional] : profile.conditional) {
    const int c = Find(categories_, id);
    board.conditional |= Bits{1} << c;
    if (conditional.has_form) board.conditional_form |= Bits{1} << c;
    board.form[c] = conditional.form;
    board.approver[c] = Bit(roles_, conditional.approver);
    if (!conditional.of_a_child) continue;
    board.of_a_child |= Bits{1} << c;
    for (size_t i = 0; i < step_.size(); ++i) {
      if (policy_.consent_steps[i].id == conditional.or_consent) board.or_consent[c].push_back(&step_[i]);
    }
  }
  AddReceivers(profile, board);
  AddCeilings(profile, board);
  board.products.resize(products_.size());
  board.has_product.resize(products_.size());
  for (const auto& [id, product] : profile.products) {
    board.products[Find(products_, id)] = {All(product.allow, categories_), product.child};
    board.has_product[Find(products_, id)] = true;
  }
  AddCivil(profile, board);
  AddCarriers(profile, board);
  for (const Agreement& agreement : policy_.agreements) {
    if (agreement.profiles.contains(profile.id)) board.papers.push_back(PaperOf(agreement));
  }
  std::sort(board.papers.begin(), board.papers.end(),
            [](const Paper& a, const Paper& b) { return a.agreement->id < b.agreement->id; });
  return board;
}

void Index::AddReceivers(const Profile& profile, Board& board) const {
  for (const auto& [role, scope] : profile.receivers) {
    const std::set<std::string>& c = scope.categories;
    board.roles[Find(roles_, role)] = {
        .named = true,
        .case_scope = scope.case_scope,
        .open_case = scope.necessary_with_open_case,
        .only_aggregate = c == std::set<std::string>{"aggregate"},
        .aggregate_or_narrative = std::all_of(
            c.begin(), c.end(), [](const std::string& id) { return id == "aggregate" || id == "narrative"; }),
        .categories = All(c, categories_),
        .approver = Bit(roles_, scope.approver)};
  }
  for (const auto& [agency, by_product] : profile.recipient_organisations)
    board.by_organisation[Find(agencies_, agency)] = by_product ? 2 : 1;
}

void Index::AddCeilings(const Profile& profile, Board& board) const {
  std::map<std::string, int8_t> caps;
  for (const auto& [receiver, ceiling] : profile.ceilings) {
    caps[receiver] = static_cast<int8_t>(board.caps.size());
    board.cap_names.push_back(receiver);
    Cap& cap = board.caps.emplace_back();
    cap.permit = All(ceiling.permit, categories_);
    for (const auto& [category, form] : ceiling.redact) {
      cap.redact |= Bit(categories_, category);
      cap.form[Find(categories_, category)] = form;
    }
    for (const auto& [category, role] : ceiling.approve) {
      cap.approve |= Bit(categories_, category);
      cap.approver[Find(categories_, category)] = Bit(roles_, role);
    }
  }
  for (const auto& [id, number] : agencies_) {
    const auto own = caps.find(id);
    const auto of_type = caps.find(agency_[number]->type);
    board.cap_of[number] = own != caps.end() ? own->second : of_type != caps.end() ? of_type->second : int8_t{-1};
  }
}

void Index::AddCivil(const Profile& profile, Board& board) const {
  for (const Footing& footing : profile.footings) {
    if (!footing.uk_gdpr) continue;
    std::set<std::string> mixed;  // Of all there are: what is no purpose of the profile is decided alike too.
    for (const auto& [id, purpose] : policy_.purposes) {
      const bool named = footing.purposes.empty() || footing.purposes.contains(id);
      if (named && purpose.law_enforcement == "mixed") mixed.insert(id);
    }
    board.civil.push_back({.types = All(footing.parties, types_), .purposes = All(mixed, purposes_)});
  }
}

void Index::AddCarriers(const Profile& profile, Board& board) const {
  board.reach.resize(kMost * kMost);
  for (const std::string& id : profile.gateways) {
    const Gateway& gateway = policy_.gateways.at(id);
    if (!gateway.StandsAlone()) continue;
    const Bits bit = Bits{1} << board.carriers.size();
    Carrier& carrier = board.carriers.emplace_back();
    Bits fit = ~Bits{0} & ~Matching(gateway.excludes_categories);
    for (size_t c = 0; c < meeting_.size(); ++c) {
      if (!gateway.excludes_content.patterns.empty() && meeting_[c].health) fit &= ~(Bits{1} << c);
    }
    carrier.aggregates = fit;
    carrier.carries = gateway.depersonalised_only ? fit & aggregate_ : fit;
    carrier.flags = All(gateway.excludes_flags, flags_);
    carrier.needs_flags = !gateway.excludes_flags.empty();
    carrier.compels = gateway.Compels();
    carrier.tells_whom = gateway.tells_whom;
    carrier.use_limited = gateway.use_limitation;
    carrier.transition = std::find(profile.transition_authorities.begin(), profile.transition_authorities.end(),
                                   gateway.id) != profile.transition_authorities.end();
    carrier.excluded_types = All(gateway.excludes_sender, types_);
    carrier.to = gateway.effective_to;
    carrier.from =
        gateway.effective_from.value_or(gateway.needs_commencement ? absl::CivilDay::max() : absl::CivilDay::min());
    AddReach(gateway, bit, board.reach);
  }
}

void Index::AddReach(const Gateway& gateway, Bits bit, std::vector<Bits>& reach) const {
  for (size_t giver = 0; giver < agency_.size(); ++giver) {
    for (size_t receiver = 0; receiver < agency_.size(); ++receiver) {
      if (Names(gateway.from, *agency_[giver]) && Names(gateway.to, *agency_[receiver]))
        reach[giver * kMost + receiver] |= bit;
    }
  }
}

Index::Paper Index::PaperOf(const Agreement& agreement) const {
  Paper paper{.agreement = &agreement,
              .parties = All(agreement.parties, agencies_),
              .givers = All(agreement.givers.empty() ? agreement.parties : agreement.givers, agencies_),
              .signed_by = All(agreement.signed_by, agencies_)};
  for (const std::string& whole : agreement.areas) {
    const int at = Find(areas_, whole);
    auto& [days, within] = paper.covers.emplace_back(at < 0 ? Days{} : area_days_[at], Bits{0});
    for (const auto& [area, number] : areas_) {
      if (policy_.AreaWithin(area, whole)) within |= Bits{1} << number;
    }
  }
  for (const auto& [category, form] : agreement.overlays) {
    if (form.has_value())
      paper.forms.emplace_back(Find(categories_, category), *form);
    else
      paper.denies |= Bit(categories_, category);
  }
  return paper;
}

}  // namespace derwent::policy
