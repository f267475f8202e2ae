// An ordinary program: asks for what a role may allow, makes user delegation SAS, and uses them. Nothing in it knows Bascule.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

var ctx = context.Background()

func attempt(what string, err error) {
	var refused *azcore.ResponseError
	switch {
	case err == nil:
		fmt.Println(what + ": ok")
	case errors.As(err, &refused) && refused.ErrorCode != "":
		fmt.Println(what + ": " + refused.ErrorCode)
	default:
		fmt.Println(what + ": failed")
	}
	if err != nil && os.Getenv("SHOW") != "" {
		fmt.Fprintln(os.Stderr, err)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func listContainers(client *service.Client) error {
	pager := client.NewListContainersPager(nil)
	for pager.More() {
		if _, err := pager.NextPage(ctx); err != nil {
			return err
		}
	}
	return nil
}

func listBlobs(client *container.Client) error {
	pager := client.NewListBlobsFlatPager(nil)
	for pager.More() {
		if _, err := pager.NextPage(ctx); err != nil {
			return err
		}
	}
	return nil
}

func read(client *blockblob.Client) error {
	_, err := client.DownloadBuffer(ctx, make([]byte, 5), nil)
	return err
}

func write(client *blockblob.Client) error {
	_, err := client.Upload(ctx, streaming.NopCloser(bytes.NewReader([]byte("go"))), nil)
	return err
}

func main() {
	url, name := os.Getenv("BLOB_URL"), os.Getenv("CONTAINER")
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	must(err)
	// The account's name is taken from the host's: names below localhost are this machine.
	here := policy.ClientOptions{Transport: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, _ := net.SplitHostPort(address)
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}}}}
	client, err := service.NewClient(url, credential, &service.ClientOptions{ClientOptions: here})
	must(err)
	in := client.NewContainerClient(name)
	one := in.NewBlockBlobClient("dir/b")
	attempt("list containers", listContainers(client))
	attempt("list blobs", listBlobs(in))
	attempt("read", read(one))
	attempt("write", write(in.NewBlockBlobClient("by-go")))
	_, err = one.SetTags(ctx, map[string]string{"a": "b"}, nil)
	attempt("set tags", err)
	_, err = in.GetAccessPolicy(ctx, nil)
	attempt("get acl", err)
	_, err = in.NewBlockBlobClient("doomed").Delete(ctx, nil)
	attempt("delete", err)
	_, err = client.CreateContainer(ctx, name+"-go", nil)
	attempt("create container", err)
	begin, soon := time.Now().UTC().Add(-time.Minute), time.Now().UTC().Add(30*time.Minute)
	key, err := client.GetUserDelegationCredential(ctx, service.KeyInfo{Start: to.Ptr(begin.Format(sas.TimeFormat)), Expiry: to.Ptr(soon.Format(sas.TimeFormat))}, nil)
	attempt("delegation key", err)
	if err != nil {
		return
	}
	link := func(path string, values sas.BlobSignatureValues) string {
		values.ContainerName, values.ExpiryTime = name, soon
		query, err := values.SignWithUserDelegation(key)
		must(err)
		return url + "/" + name + path + "?" + query.Encode()
	}
	reader, err := blockblob.NewClientWithNoCredential(link("/dir/b", sas.BlobSignatureValues{BlobName: "dir/b", Permissions: (&sas.BlobPermissions{Read: true}).String(), ContentType: "text/plain"}), &blockblob.ClientOptions{ClientOptions: here})
	must(err)
	attempt("SAS read", read(reader))
	attempt("SAS write with a read SAS", write(reader))
	writer, err := blockblob.NewClientWithNoCredential(link("/sas-go", sas.BlobSignatureValues{BlobName: "sas-go", Permissions: (&sas.BlobPermissions{Create: true, Write: true}).String()}), &blockblob.ClientOptions{ClientOptions: here})
	must(err)
	attempt("SAS write", write(writer))
	shared, err := container.NewClientWithNoCredential(link("", sas.BlobSignatureValues{Permissions: (&sas.ContainerPermissions{Read: true, List: true}).String()}), &container.ClientOptions{ClientOptions: here})
	must(err)
	attempt("SAS container", listBlobs(shared))
}
