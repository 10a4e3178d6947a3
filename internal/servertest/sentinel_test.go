//go:build unix

package servertest

import (
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestSentinelsMakeTheReplicaTheMaster: a client that asks the Sentinels finds the replica after the master is gone, with what was replicated.
func TestSentinelsMakeTheReplicaTheMaster(t *testing.T) {
	t.Parallel()
	master, replica := Redis(t), Redis(t)
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "chumrok", SentinelAddrs: Sentinels(t, "chumrok", master, replica)})
	defer client.Close()
	if err := client.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Wait(t.Context(), 1, 0).Result(); err != nil || n != 1 {
		t.Fatalf("%d replicas have it, %v", n, err)
	}
	master.Stop()
	err := poll(t.Context(), func() (bool, error) {
		value, err := client.Get(t.Context(), "key").Result()
		return err == nil && value == "value", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Set(t.Context(), "key", "another", 0).Err(); err != nil {
		t.Errorf("the new master takes nothing: %v", err)
	}
}
