// An ordinary program with DefaultAzureCredential: reads and writes, and says how that went. Nothing in it knows Bascule.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
)

func say(what string, err error) {
	var refused *azcore.ResponseError
	switch {
	case err == nil:
		fmt.Println(what, "ok")
	case errors.As(err, &refused) && refused.ErrorCode != "":
		fmt.Println(what, refused.ErrorCode)
	default:
		fmt.Println(what, "failed")
	}
	if err != nil && os.Getenv("SHOW") != "" {
		fmt.Fprintln(os.Stderr, err)
	}
}

func main() {
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		say("credential", err)
		return
	}
	client, err := azblob.NewClient(os.Getenv("BLOB_URL"), credential, nil)
	if err != nil {
		say("client", err)
		return
	}
	container := os.Getenv("CONTAINER")
	answer, err := client.DownloadStream(context.Background(), container, "first", nil)
	if err == nil {
		text, failure := io.ReadAll(answer.Body)
		if err = failure; err == nil && string(text) != "hello" {
			err = errors.New("read something else")
		}
	}
	say("read", err)
	_, err = client.UploadBuffer(context.Background(), container, "by-go", []byte("go"), nil)
	say("write", err)
}
