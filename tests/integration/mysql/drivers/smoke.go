// What a Go application does, through database/sql and go-sql-driver: a pool of
// connections, statements with and without interpolation, transactions, errors,
// a context that is cancelled. Prints "ok", or ends with an error.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	for _, interpolate := range []string{"false", "true"} {
		db, err := sql.Open("mysql", fmt.Sprintf("app:%s@tcp(127.0.0.1:%s)/app?parseTime=true&multiStatements=true&interpolateParams=%s",
			os.Getenv("MYSQL_PWD"), os.Getenv("MYSQL_PORT"), interpolate))
		must(err)
		db.SetMaxOpenConns(8)
		_, err = db.Exec("DROP TABLE IF EXISTS golang; CREATE TABLE golang (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100), at DATETIME(6))")
		must(err)

		var group sync.WaitGroup
		for worker := 0; worker < 8; worker++ {
			group.Add(1)
			go func(worker int) {
				defer group.Done()
				for number := 0; number < 25; number++ {
					result, err := db.Exec("INSERT INTO golang (v, at) VALUES (?, ?)", fmt.Sprint(worker, ":", number), time.Now())
					must(err)
					id, err := result.LastInsertId()
					must(err)
					// Another session of the pool may read this: in a transaction it is surely there.
					tx, err := db.Begin()
					must(err)
					var value string
					must(tx.QueryRow("SELECT v FROM golang WHERE id = ?", id).Scan(&value))
					if value != fmt.Sprint(worker, ":", number) {
						log.Fatal("read ", value)
					}
					must(tx.Commit())
				}
			}(worker)
		}
		group.Wait()

		tx, err := db.Begin()
		must(err)
		_, err = tx.Exec("DELETE FROM golang")
		must(err)
		must(tx.Rollback())
		tx, err = db.BeginTx(context.Background(), nil)
		must(err)
		var count int
		must(tx.QueryRow("SELECT COUNT(*) FROM golang").Scan(&count))
		must(tx.Commit())
		if count != 200 {
			log.Fatal("rows: ", count)
		}

		statement, err := db.Prepare("SELECT ? + 1")
		must(err)
		for number := 0; number < 20; number++ {
			var next int
			must(statement.QueryRow(number).Scan(&next))
			if next != number+1 {
				log.Fatal("prepared: ", next)
			}
		}
		must(statement.Close())

		var refused *mysql.MySQLError
		_, err = db.Exec("SELECT * FROM no_such_table")
		if !errors.As(err, &refused) || refused.Number != 1146 {
			log.Fatal("error: ", err)
		}

		soon, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		_, err = db.ExecContext(soon, "DO SLEEP(20)")
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			log.Fatal("not cancelled: ", err)
		}
		must(db.Ping())
		must(db.Close())
	}
	fmt.Println("ok")
}
