#!/usr/bin/env python3
"""Writes a rule and request file for derwent_policy_bench --rules (format: README.md). The expected answers are found
by looking at every rule of every request, which is slow and plainly right.

usage: make_rules.py [--rules 400] [--requests 4096] [--seed 1] > rules.json
"""
import argparse
import json
import random
import sys

BOARDS = ["marac", "mappa", "mash", "channel", "asb_review", "fire_safety", "serious_violence", "substance"]
PURPOSES = [f"purpose.{n}" for n in range(12)]
CATEGORIES = [f"category.{n}" for n in range(33)]
AGENCIES = [f"agency.{n}" for n in range(45)]
FACTS = ["case_open", "ground_asserted", "justified", "consent_given", "restricted", "address_protected"]
STRICTNESS = ["permit", "redact", "refer", "forbid"]
DIMENSIONS = [("boards", "board"), ("purposes", "purpose"), ("categories", "category"), ("givers", "giver"),
              ("receivers", "receiver")]


def some(values, share, dice):
    """`*`, or about that share of the values, at least one."""
    if dice.random() < 0.1:
        return ["*"]
    return sorted(dice.sample(values, max(1, round(len(values) * share * dice.uniform(0.5, 1.5)))))


def make_rule(number, dice):
    """One rule; most permit, and few hold everywhere."""
    conditions = sorted(dice.sample(FACTS[:4], dice.randrange(3)))
    conditions += ["!" + fact for fact in FACTS[4:] if dice.random() < 0.3]
    return {"id": f"r{number:03}", "effect": dice.choices(STRICTNESS, [50, 20, 15, 15])[0],
            "boards": some(BOARDS, 0.25, dice), "purposes": some(PURPOSES, 0.25, dice),
            "categories": some(CATEGORIES, 0.2, dice), "givers": some(AGENCIES, 0.4, dice),
            "receivers": some(AGENCIES, 0.4, dice), "conditions": conditions}


def matches(rule, request):
    """Whether the rule is for the request."""
    for values, value in DIMENSIONS:
        if "*" not in rule[values] and request[value] not in rule[values]:
            return False
    for condition in rule["conditions"]:
        if condition.startswith("!") == (condition.lstrip("!") in request["facts"]):
            return False
    return True


def decide(rules, request):
    """The strictest effect of the rules that match, and those of them that have it; none: forbid."""
    matching = [rule for rule in rules if matches(rule, request)]
    outcome = max((rule["effect"] for rule in matching), key=STRICTNESS.index, default="forbid")
    return {"outcome": outcome, "rules": sorted(rule["id"] for rule in matching if rule["effect"] == outcome)}


def make_request(rules, dice):
    """A request; half are drawn so that some rule of the list is for them but for its facts."""
    request = {"board": dice.choice(BOARDS), "purpose": dice.choice(PURPOSES), "category": dice.choice(CATEGORIES),
               "giver": dice.choice(AGENCIES), "receiver": dice.choice(AGENCIES)}
    if dice.random() < 0.5:
        rule = dice.choice(rules)
        for values, value in DIMENSIONS:
            if "*" not in rule[values]:
                request[value] = dice.choice(rule[values])
    request["facts"] = [fact for fact in FACTS if dice.random() < (0.7 if fact in FACTS[:4] else 0.2)]
    request["expect"] = decide(rules, request)
    return request


def main():
    parser = argparse.ArgumentParser(description="Writes a rule and request file for derwent_policy_bench --rules.")
    parser.add_argument("--rules", type=int, default=400, help="at most 512")
    parser.add_argument("--requests", type=int, default=4096)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    rules = [make_rule(number + 1, dice) for number in range(options.rules)]
    requests = [make_request(rules, dice) for _ in range(options.requests)]
    json.dump({"rules": rules, "requests": requests}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
