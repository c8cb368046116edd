// What the MySQL benchmarks classify: the shapes of statements.hpp, as MySQL's
// drivers write them.
#pragma once

#include <string>

namespace relevo::route::bench::mysql {

// About 50 bytes: sysbench's look-up by primary key.
inline const std::string short_read = "SELECT c FROM sbtest1 WHERE id=4242 AND k > 100 -- x";

// About 200 bytes: an ORM's look-up with a join.
inline const std::string orm_read =
    R"(SELECT `u`.`id`, `u`.`email`, `u`.`name`, lower(`p`.`title`) FROM `users` AS `u` )"
    R"(LEFT OUTER JOIN `posts` AS `p` ON (`p`.`user_id` = `u`.`id`) )"
    R"(WHERE `u`.`id` = ? AND `p`.`state` IN ('a', 'b') LIMIT 20)";

// About 700 bytes: a report.
inline const std::string report =
    R"(WITH recent AS (SELECT o.id, o.customer_id, o.total, o.created_at FROM orders o )"
    R"(WHERE o.created_at > NOW() - INTERVAL 30 DAY AND o.state IN (?, ?)), )"
    R"(ranked (customer_id, spent, place) AS (SELECT customer_id, SUM(total), )"
    R"(RANK() OVER (PARTITION BY DATE_FORMAT(created_at, '%Y-%u') ORDER BY SUM(total) DESC) )"
    R"(FROM recent GROUP BY customer_id, DATE_FORMAT(created_at, '%Y-%u')) )"
    R"(SELECT c.id, c.name, COALESCE(c.region, 'unknown') AS region, r.spent, r.place, )"
    R"(CASE WHEN r.spent > 1000 THEN 'gold' WHEN r.spent > 100 THEN 'silver' ELSE 'none' END )"
    R"(AS tier, (SELECT COUNT(*) FROM tickets t WHERE t.customer_id = c.id AND t.open) AS open )"
    R"(FROM customers c JOIN ranked r ON r.customer_id = c.id )"
    R"(WHERE c.active AND r.place <= 10 ORDER BY r.place, LOWER(c.name) LIMIT 100)";

inline const std::string insert =
    R"(INSERT INTO `events` (`user_id`, `kind`, `payload`, `created_at`) )"
    R"(VALUES (42, 'click', '{\"page\": \"/home\"}', '2024-01-01 00:00:00'))";

inline const std::string begin = "START TRANSACTION";
inline const std::string set = "SET NAMES utf8mb4, @@SESSION.sql_mode = 'STRICT_ALL_TABLES'";

}  // namespace relevo::route::bench::mysql
