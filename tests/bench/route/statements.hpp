// What the benchmarks classify: the shapes that applications send all day.
#pragma once

#include <string>

namespace relevo::route::bench {

// About 50 bytes: a look-up by primary key.
inline const std::string short_read = "SELECT abalance FROM pgbench_accounts WHERE aid=42";

// About 200 bytes: an ORM's look-up with a join.
inline const std::string orm_read =
    R"(SELECT "u"."id", "u"."email", "u"."name", lower("p"."title") FROM "users" AS "u" )"
    R"(LEFT OUTER JOIN "posts" AS "p" ON ("p"."user_id" = "u"."id") )"
    R"(WHERE "u"."id" = $1 AND "p"."state" IN ('a', 'b') LIMIT 20)";

// About 1000 bytes: a report.
inline const std::string report =
    R"(WITH recent AS (SELECT o.id, o.customer_id, o.total, o.created_at FROM orders o )"
    R"(WHERE o.created_at > now() - interval '30 days' AND o.state = ANY ($1)), )"
    R"(ranked (customer_id, spent, place) AS (SELECT customer_id, sum(total), )"
    R"(rank() OVER (PARTITION BY date_trunc('week', created_at) ORDER BY sum(total) DESC) )"
    R"(FROM recent GROUP BY customer_id, date_trunc('week', created_at)) )"
    R"(SELECT c.id, c.name, COALESCE(c.region, 'unknown') AS region, r.spent, r.place, )"
    R"(CASE WHEN r.spent > 1000 THEN 'gold' WHEN r.spent > 100 THEN 'silver' ELSE 'none' END )"
    R"(AS tier, (SELECT count(*) FROM tickets t WHERE t.customer_id = c.id AND t.open) AS open, )"
    R"(to_char(c.since, 'YYYY-MM-DD') AS since FROM customers c JOIN ranked r ON (r.customer_id )"
    R"(= c.id) LEFT JOIN (SELECT customer_id, max(created_at) AS last FROM visits GROUP BY )"
    R"(customer_id) v ON (v.customer_id = c.id) WHERE c.active AND r.place <= 10 AND )"
    R"((v.last IS NULL OR v.last > '2024-01-01'::timestamptz) ORDER BY r.place, lower(c.name) )"
    R"(LIMIT 100 OFFSET 0)";

inline const std::string insert =
    R"(INSERT INTO "events" ("user_id", "kind", "payload", "created_at") )"
    R"(VALUES ($1, 'click', '{"page": "/home"}', '2024-01-01 00:00:00+00') RETURNING "id")";

inline const std::string begin = "BEGIN";
inline const std::string set = "SET search_path TO app, public";

}  // namespace relevo::route::bench
