// Command sdk-go runs azblob, unmodified, against the server of AZURE_STORAGE_CONNECTION_STRING.
package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/appendblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

const mib = 1 << 20

var (
	ctx     = context.Background()
	options = azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}
	client  *azblob.Client
	strict  = os.Getenv("SDK_TARGET") != "azurite"
)

// An account that keeps versions, and for a week what was deleted.
var versioned = os.Getenv("SDK_VERSIONED_CONNECTION_STRING")

// check stops the running test; the runner catches it.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func equal(found, wanted any) {
	if !reflect.DeepEqual(found, wanted) {
		panic(fmt.Errorf("found %v, wanted %v", found, wanted))
	}
}

// refused asks for an error of the service with one of the codes.
func refused(err error, codes ...bloberror.Code) {
	if !bloberror.HasCode(err, codes...) {
		panic(fmt.Errorf("%v was expected, not %w", codes, err))
	}
}

func random(size int) []byte {
	data := make([]byte, size)
	must(rand.Read(data))
	return data
}

var serial atomic.Int64

func inContainer(body func(*container.Client)) {
	name := fmt.Sprintf("go-%d-%d", time.Now().UnixNano(), serial.Add(1))
	one := client.ServiceClient().NewContainerClient(name)
	must(one.Create(ctx, nil))
	defer one.Delete(ctx, nil)
	body(one)
}

func read(from *blob.Client) []byte {
	answer := must(from.DownloadStream(ctx, nil))
	defer answer.Body.Close()
	return must(io.ReadAll(answer.Body))
}

func upload(to *blockblob.Client, data []byte, settings *blockblob.UploadOptions) (blockblob.UploadResponse, error) {
	return to.Upload(ctx, streaming.NopCloser(bytes.NewReader(data)), settings)
}

func testContainers() {
	inContainer(func(one *container.Client) {
		_, err := one.Create(ctx, nil)
		refused(err, bloberror.ContainerAlreadyExists)
		must(one.SetMetadata(ctx, &container.SetMetadataOptions{Metadata: map[string]*string{"a": to.Ptr("1")}}))
		properties := must(one.GetProperties(ctx, nil))
		equal(len(properties.Metadata), 1)
		found := 0
		pager := client.NewListContainersPager(&service.ListContainersOptions{Prefix: to.Ptr("go-"), MaxResults: to.Ptr(int32(2))})
		for pager.More() {
			found += len(must(pager.NextPage(ctx)).ContainerItems)
		}
		if found == 0 {
			panic("no container is listed")
		}
	})
	absent := client.ServiceClient().NewContainerClient("go-absent")
	_, err := absent.GetProperties(ctx, nil)
	refused(err, bloberror.ContainerNotFound)
}

func testSizes() {
	inContainer(func(one *container.Client) {
		for _, size := range []int{0, 1, mib - 1, mib, mib + 1, 8*mib - 1, 8 * mib, 8*mib + 1} {
			data := random(size)
			target := one.NewBlockBlobClient(fmt.Sprint(size))
			must(upload(target, data, nil))
			properties := must(target.GetProperties(ctx, nil))
			equal(*properties.ContentLength, int64(size))
			sum := md5.Sum(data)
			equal(properties.ContentMD5, sum[:])
			if !bytes.Equal(read(target.BlobClient()), data) {
				panic("other content came back")
			}
		}
	})
}

func testParallelBlocks() {
	inContainer(func(one *container.Client) {
		data := random(66*mib + 5)
		target := one.NewBlockBlobClient("big")
		must(target.UploadBuffer(ctx, data, &blockblob.UploadBufferOptions{BlockSize: 4 * mib, Concurrency: 8}))
		back := make([]byte, len(data))
		must(target.DownloadBuffer(ctx, back, &blob.DownloadBufferOptions{BlockSize: 3 * mib, Concurrency: 4}))
		if !bytes.Equal(back, data) {
			panic("other content came back")
		}
		stream := one.NewBlockBlobClient("stream")
		must(stream.UploadStream(ctx, bytes.NewReader(data), &blockblob.UploadStreamOptions{BlockSize: 4 * mib, Concurrency: 4}))
		if !bytes.Equal(read(stream.BlobClient()), data) {
			panic("other content came back from the stream")
		}
		list := must(stream.GetBlockList(ctx, blockblob.BlockListTypeAll, nil))
		equal(len(list.CommittedBlocks), 17)
	})
}

func testRanges() {
	inContainer(func(one *container.Client) {
		data := random(100000)
		target := one.NewBlockBlobClient("ranges")
		must(upload(target, data, nil))
		for _, part := range [][2]int64{{0, 1}, {99999, 1}, {16383, 2}, {16384, 16384}, {5, 70000}} {
			answer := must(target.DownloadStream(ctx, &blob.DownloadStreamOptions{
				Range: blob.HTTPRange{Offset: part[0], Count: part[1]}, RangeGetContentMD5: to.Ptr(true)}))
			found := must(io.ReadAll(answer.Body))
			equal(found, data[part[0]:part[0]+part[1]])
			sum := md5.Sum(found)
			equal(answer.ContentMD5, sum[:])
		}
		if strict {
			_, err := target.DownloadStream(ctx, &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: 100000}})
			refused(err, bloberror.InvalidRange)
		}
	})
}

func testHeadersAndMetadata() {
	inContainer(func(one *container.Client) {
		target := one.NewBlockBlobClient("headers")
		must(upload(target, []byte("x"), &blockblob.UploadOptions{
			Metadata:    map[string]*string{"Upper": to.Ptr("A b")},
			HTTPHeaders: &blob.HTTPHeaders{BlobContentType: to.Ptr("text/plain"), BlobCacheControl: to.Ptr("max-age=1")}}))
		found := must(target.GetProperties(ctx, nil))
		equal(*found.ContentType, "text/plain")
		equal(*found.Metadata["Upper"], "A b")
		must(target.SetHTTPHeaders(ctx, blob.HTTPHeaders{BlobContentType: to.Ptr("image/png")}, nil))
		found = must(target.GetProperties(ctx, nil))
		equal(found.CacheControl, (*string)(nil))
		must(target.SetMetadata(ctx, map[string]*string{"Only": to.Ptr("this")}, nil))
		equal(len(must(target.GetProperties(ctx, nil)).Metadata), 1)
	})
}

func testListing() {
	inContainer(func(one *container.Client) {
		var names []string
		for i := range 1200 {
			names = append(names, fmt.Sprintf("d%d/b%05d", i%7, i))
		}
		var group sync.WaitGroup
		queue := make(chan string)
		for range 16 {
			group.Add(1)
			go func() {
				defer group.Done()
				for name := range queue {
					upload(one.NewBlockBlobClient(name), []byte("x"), nil)
				}
			}()
		}
		for _, name := range names {
			queue <- name
		}
		close(queue)
		group.Wait()
		slices.Sort(names)
		var found []string
		pages := 0
		pager := one.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{MaxResults: to.Ptr(int32(500))})
		for pager.More() {
			pages++
			for _, item := range must(pager.NextPage(ctx)).Segment.BlobItems {
				found = append(found, *item.Name)
			}
		}
		equal(pages, 3)
		equal(found, names)
		var top []string
		walker := one.NewListBlobsHierarchyPager("/", nil)
		for walker.More() {
			for _, item := range must(walker.NextPage(ctx)).Segment.BlobPrefixes {
				top = append(top, *item.Name)
			}
		}
		equal(top, []string{"d0/", "d1/", "d2/", "d3/", "d4/", "d5/", "d6/"})
	})
}

func testOddNames() {
	inContainer(func(one *container.Client) {
		for _, name := range []string{"100%", "a%20b", "what?", "a#b", "a//b", "trailing/", "a b+c", "rocket-🚀", "été", "日本語/文件", strings.Repeat("n", 1024)} {
			target := one.NewBlockBlobClient(name)
			must(upload(target, []byte(name), nil))
			equal(string(read(target.BlobClient())), name)
		}
	})
}

func testLeases() {
	inContainer(func(one *container.Client) {
		target := one.NewBlockBlobClient("leased")
		must(upload(target, []byte("x"), nil))
		held := must(lease.NewBlobClient(target, nil))
		must(held.AcquireLease(ctx, 15, nil))
		_, err := upload(target, []byte("y"), nil)
		refused(err, bloberror.LeaseIDMissing)
		must(upload(target, []byte("y"), &blockblob.UploadOptions{AccessConditions: &blob.AccessConditions{
			LeaseAccessConditions: &blob.LeaseAccessConditions{LeaseID: held.LeaseID()}}}))
		must(held.RenewLease(ctx, nil))
		must(held.ReleaseLease(ctx, nil))
		must(held.AcquireLease(ctx, -1, nil))
		must(held.BreakLease(ctx, nil))
		equal(string(*must(target.GetProperties(ctx, nil)).LeaseState), "broken")
	})
}

func testConditions() {
	inContainer(func(one *container.Client) {
		target := one.NewBlockBlobClient("conditions")
		only := func(conditions blob.ModifiedAccessConditions) *blockblob.UploadOptions {
			return &blockblob.UploadOptions{AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &conditions}}
		}
		first := must(upload(target, []byte("first"), only(blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)})))
		_, err := upload(target, []byte("second"), only(blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}))
		refused(err, bloberror.BlobAlreadyExists)
		must(upload(target, []byte("second"), only(blob.ModifiedAccessConditions{IfMatch: first.ETag})))
		_, err = upload(target, []byte("third"), only(blob.ModifiedAccessConditions{IfMatch: first.ETag}))
		refused(err, bloberror.ConditionNotMet)
		equal(string(read(target.BlobClient())), "second")
	})
}

func testCopy() {
	inContainer(func(one *container.Client) {
		data := random(300000)
		source, target := one.NewBlockBlobClient("source"), one.NewBlockBlobClient("target")
		must(upload(source, data, nil))
		answer := must(target.StartCopyFromURL(ctx, source.URL(), nil))
		equal(*answer.CopyStatus, blob.CopyStatusTypeSuccess)
		if !bytes.Equal(read(target.BlobClient()), data) {
			panic("other content came back")
		}
	})
}

func testFromURL() {
	plain := os.Getenv("SDK_ELSEWHERE") + "/plain?size=300000"
	inContainer(func(one *container.Client) {
		data := random(300000)
		source, target := one.NewBlockBlobClient("source"), one.NewBlockBlobClient("target")
		must(upload(source, data, nil))
		link := must(source.GetSASURL(sas.BlobPermissions{Read: true}, time.Now().Add(time.Hour), nil))
		must(target.UploadBlobFromURL(ctx, link, nil))
		equal(bytes.Equal(read(target.BlobClient()), data), true)
		must(target.UploadBlobFromURL(ctx, plain, nil))
		elsewhere := read(target.BlobClient())
		equal(*must(target.CopyFromURL(ctx, link, nil)).CopyStatus, "success")
		id := base64.StdEncoding.EncodeToString([]byte("one"))
		must(target.StageBlockFromURL(ctx, id, plain, &blockblob.StageBlockFromURLOptions{Range: blob.HTTPRange{Offset: 1000, Count: 5000}}))
		must(target.CommitBlockList(ctx, []string{id}, nil))
		equal(bytes.Equal(read(target.BlobClient()), elsewhere[1000:6000]), true)
		_, err := target.StageBlockFromURL(ctx, id, source.URL(), nil)
		refused(err, bloberror.CannotVerifyCopySource)
		answer := must(target.StartCopyFromURL(ctx, os.Getenv("SDK_ELSEWHERE")+"/slow?size=100000000&rate=1000", nil))
		equal(*answer.CopyStatus, blob.CopyStatusTypePending)
		must(target.AbortCopyFromURL(ctx, *answer.CopyID, nil))
		equal(*must(target.GetProperties(ctx, nil)).CopyStatus, blob.CopyStatusTypeAborted)
	})
}

func testSnapshots() {
	inContainer(func(one *container.Client) {
		target := one.NewBlockBlobClient("b")
		must(upload(target, []byte("one"), nil))
		taken := must(target.CreateSnapshot(ctx, nil))
		must(upload(target, []byte("another"), nil))
		old := must(target.BlobClient().WithSnapshot(*taken.Snapshot))
		equal(string(read(old)), "one")
		_, err := target.Delete(ctx, nil)
		refused(err, bloberror.SnapshotsPresent)
		names := 0
		pager := one.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Include: container.ListBlobsInclude{Snapshots: true}, MaxResults: to.Ptr(int32(1))})
		for pager.More() {
			names += len(must(pager.NextPage(ctx)).Segment.BlobItems)
		}
		equal(names, 2)
		must(target.Delete(ctx, &blob.DeleteOptions{DeleteSnapshots: to.Ptr(blob.DeleteSnapshotsOptionTypeInclude)}))
		_, err = old.GetProperties(ctx, nil)
		refused(err, bloberror.BlobNotFound)
	})
}

func testUndelete() {
	kept := must(azblob.NewClientFromConnectionString(versioned, &azblob.ClientOptions{ClientOptions: options}))
	one := kept.ServiceClient().NewContainerClient(fmt.Sprintf("go-%d", time.Now().UnixNano()))
	must(one.Create(ctx, nil))
	defer one.Delete(ctx, nil)
	target := one.NewBlockBlobClient("b")
	first := must(upload(target, []byte("one"), nil))
	must(upload(target, []byte("two"), nil))
	former := must(target.BlobClient().WithVersionID(*first.VersionID))
	equal(string(read(former)), "one")
	must(former.Delete(ctx, nil))
	_, err := former.GetProperties(ctx, nil)
	refused(err, bloberror.BlobNotFound)
	must(target.Undelete(ctx, nil))
	equal(string(read(former)), "one")
}

func testSharedAccess() {
	inContainer(func(one *container.Client) {
		target := one.NewBlockBlobClient("shared")
		must(upload(target, []byte("shared"), nil))
		link := must(target.GetSASURL(sas.BlobPermissions{Read: true}, time.Now().Add(time.Hour), nil))
		reader := must(blob.NewClientWithNoCredential(link, &blob.ClientOptions{ClientOptions: options}))
		equal(string(read(reader)), "shared")
		_, err := reader.Delete(ctx, nil)
		refused(err, bloberror.AuthorizationPermissionMismatch)
		link = must(client.ServiceClient().GetSASURL(sas.AccountResourceTypes{Object: true}, sas.AccountPermissions{Read: true},
			time.Now().Add(time.Hour), nil))
		whole := must(azblob.NewClientWithNoCredential(link, &azblob.ClientOptions{ClientOptions: options}))
		equal(string(read(whole.ServiceClient().NewContainerClient(strings.Split(one.URL(), "/")[4]).NewBlobClient("shared"))), "shared")
		must(one.SetAccessPolicy(ctx, &container.SetAccessPolicyOptions{Access: to.Ptr(container.PublicAccessTypeBlob)}))
		open := must(http.Get(target.URL()))
		defer open.Body.Close()
		equal(string(must(io.ReadAll(open.Body))), "shared")
	})
}

func testParallelWriters() {
	inContainer(func(one *container.Client) {
		target := one.NewBlockBlobClient("contended")
		var group sync.WaitGroup
		failures := make(chan error, 16)
		for i := range 16 {
			group.Add(1)
			go func() {
				defer group.Done()
				if _, err := upload(target, bytes.Repeat([]byte{byte(i)}, 200000), nil); err != nil {
					failures <- err
				}
			}()
		}
		group.Wait()
		close(failures)
		check(errors.Join(<-failures))
		found := read(target.BlobClient())
		equal(found, bytes.Repeat(found[:1], 200000))
	})
}

func testAppendBlobs() {
	inContainer(func(one *container.Client) {
		target := one.NewAppendBlobClient("log")
		must(target.Create(ctx, nil))
		add := func(text string, conditions *appendblob.AppendPositionAccessConditions) (appendblob.AppendBlockResponse, error) {
			return target.AppendBlock(ctx, streaming.NopCloser(strings.NewReader(text)),
				&appendblob.AppendBlockOptions{AppendPositionAccessConditions: conditions})
		}
		first := must(add("one,", nil))
		equal(*first.BlobAppendOffset, "0")
		equal(*first.BlobCommittedBlockCount, int32(1))
		must(add("two,", &appendblob.AppendPositionAccessConditions{AppendPosition: to.Ptr(int64(4)), MaxSize: to.Ptr(int64(8))}))
		_, err := add("x", &appendblob.AppendPositionAccessConditions{AppendPosition: to.Ptr(int64(4))})
		refused(err, bloberror.AppendPositionConditionNotMet)
		_, err = add("x", &appendblob.AppendPositionAccessConditions{MaxSize: to.Ptr(int64(8))})
		refused(err, bloberror.MaxBlobSizeConditionNotMet)
		var group sync.WaitGroup
		failures := make(chan error, 32)
		for i := range 32 {
			group.Add(1)
			go func() {
				defer group.Done()
				if _, err := add(fmt.Sprintf("<%02d>", i), nil); err != nil {
					failures <- err
				}
			}()
		}
		group.Wait()
		close(failures)
		check(errors.Join(<-failures))
		text := string(read(target.BlobClient()))
		equal(len(text), 8+32*4)
		for i := range 32 {
			equal(strings.Count(text, fmt.Sprintf("<%02d>", i)), 1)
		}
		if strict {
			must(target.Seal(ctx, nil))
			_, err = add("x", nil)
			refused(err, "BlobIsSealed")
			equal(*must(target.GetProperties(ctx, nil)).IsSealed, true)
		}
	})
}

func testPageBlobs() {
	inContainer(func(one *container.Client) {
		target := one.NewPageBlobClient("disk")
		must(target.Create(ctx, mib, &pageblob.CreateOptions{SequenceNumber: to.Ptr(int64(1))}))
		page := random(4096)
		write := func(offset int64, conditions *pageblob.SequenceNumberAccessConditions) error {
			_, err := target.UploadPages(ctx, streaming.NopCloser(bytes.NewReader(page)), blob.HTTPRange{Offset: offset, Count: 4096},
				&pageblob.UploadPagesOptions{SequenceNumberAccessConditions: conditions})
			return err
		}
		check(write(4096, nil))
		check(write(512*1024, &pageblob.SequenceNumberAccessConditions{IfSequenceNumberEqualTo: to.Ptr(int64(1))}))
		refused(write(0, &pageblob.SequenceNumberAccessConditions{IfSequenceNumberEqualTo: to.Ptr(int64(2))}), bloberror.SequenceNumberConditionNotMet)
		refused(write(mib, nil), bloberror.InvalidPageRange)
		must(target.ClearPages(ctx, blob.HTTPRange{Offset: 4096, Count: 1024}, nil))
		ranges := func() (found [][2]int64) {
			pager := target.NewGetPageRangesPager(nil)
			for pager.More() {
				for _, one := range must(pager.NextPage(ctx)).PageRange {
					found = append(found, [2]int64{*one.Start, *one.End})
				}
			}
			return found
		}
		equal(ranges(), [][2]int64{{5120, 8191}, {512 * 1024, 512*1024 + 4095}})
		must(target.Resize(ctx, 512*1024, nil))
		must(target.Resize(ctx, mib, nil))
		equal(ranges(), [][2]int64{{5120, 8191}})
		wanted := make([]byte, mib)
		copy(wanted[5120:], page[1024:])
		equal(bytes.Equal(read(target.BlobClient()), wanted), true)
		increment := pageblob.SequenceNumberActionTypeIncrement
		equal(*must(target.UpdateSequenceNumber(ctx, &pageblob.UpdateSequenceNumberOptions{ActionType: &increment})).BlobSequenceNumber, int64(2))
	})
}

func testBatch() {
	inContainer(func(one *container.Client) {
		for _, name := range []string{"a", "b c", "d/é"} {
			must(upload(one.NewBlockBlobClient(name), []byte("x"), nil))
		}
		batch := must(one.NewBatchBuilder())
		for _, name := range []string{"a", "b c", "d/é", "absent"} {
			check(batch.Delete(name, nil))
		}
		answer := must(one.SubmitBatch(ctx, batch, nil))
		equal(len(answer.Responses), 4)
		for i, part := range answer.Responses {
			equal(*part.ContentID, i)
			if i < 3 {
				check(part.Error)
			} else {
				refused(part.Error, bloberror.BlobNotFound)
			}
		}
	})
}

func testCustomerProvidedKeys() {
	connection := os.Getenv("SDK_SECURE_CONNECTION_STRING")
	if connection == "" {
		return
	}
	secure := must(azblob.NewClientFromConnectionString(connection, &azblob.ClientOptions{ClientOptions: options}))
	one := secure.ServiceClient().NewContainerClient(fmt.Sprintf("go-%d", time.Now().UnixNano()))
	must(one.Create(ctx, nil))
	defer one.Delete(ctx, nil)
	made := func() *blob.CPKInfo {
		raw := random(32)
		hash := sha256.Sum256(raw)
		return &blob.CPKInfo{EncryptionAlgorithm: to.Ptr(blob.EncryptionAlgorithmTypeAES256), EncryptionKey: to.Ptr(base64.StdEncoding.EncodeToString(raw)),
			EncryptionKeySHA256: to.Ptr(base64.StdEncoding.EncodeToString(hash[:]))}
	}
	mine, wrong, data := made(), made(), random(3*mib)
	target := one.NewBlockBlobClient("keyed")
	must(target.UploadBuffer(ctx, data, &blockblob.UploadBufferOptions{BlockSize: mib, CPKInfo: mine}))
	found := make([]byte, len(data))
	must(target.DownloadBuffer(ctx, found, &blob.DownloadBufferOptions{CPKInfo: mine}))
	equal(bytes.Equal(found, data), true)
	_, err := target.DownloadStream(ctx, nil)
	refused(err, bloberror.BlobUsesCustomerSpecifiedEncryption)
	_, err = target.DownloadStream(ctx, &blob.DownloadStreamOptions{CPKInfo: wrong})
	refused(err, "BlobCustomerSpecifiedEncryptionMismatch")
}

func run(name string, body func()) (good bool) {
	defer func() {
		if problem := recover(); problem != nil {
			fmt.Printf("✗ %s\n%v\n", name, problem)
			good = false
		}
	}()
	body()
	fmt.Println("✓", name)
	return true
}

func main() {
	client = must(azblob.NewClientFromConnectionString(os.Getenv("AZURE_STORAGE_CONNECTION_STRING"), &azblob.ClientOptions{ClientOptions: options}))
	tests := []struct {
		name string
		body func()
	}{
		{"containers", testContainers}, {"sizes", testSizes}, {"parallel blocks", testParallelBlocks}, {"ranges", testRanges},
		{"headers and metadata", testHeadersAndMetadata}, {"listing", testListing}, {"odd names", testOddNames},
		{"leases", testLeases}, {"conditions", testConditions}, {"copy", testCopy}, {"snapshots", testSnapshots}, {"from a URL", testFromURL}, {"shared access", testSharedAccess},
		{"parallel writers", testParallelWriters}, {"append blobs", testAppendBlobs}, {"page blobs", testPageBlobs}, {"batch", testBatch}, {"customer-provided keys", testCustomerProvidedKeys},
	}
	if versioned != "" {
		tests = append(tests, struct {
			name string
			body func()
		}{"versions and undelete", testUndelete})
	}
	failed := 0
	for _, one := range tests {
		if !run(one.name, one.body) {
			failed++
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(tests)-failed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
