// azure-storage-blob for Java, unmodified, against the server of AZURE_STORAGE_CONNECTION_STRING.
import com.azure.core.util.BinaryData;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobServiceClient;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.blob.batch.BlobBatchClientBuilder;
import com.azure.storage.blob.batch.BlobBatchStorageException;
import com.azure.storage.blob.models.BlobHttpHeaders;
import com.azure.storage.blob.models.BlobItem;
import com.azure.storage.blob.models.BlobQueryDelimitedSerialization;
import com.azure.storage.blob.models.BlobQueryJsonSerialization;
import com.azure.storage.blob.models.BlobRange;
import com.azure.storage.blob.models.BlobRequestConditions;
import com.azure.storage.blob.models.BlobStorageException;
import com.azure.storage.blob.models.DeleteSnapshotsOptionType;
import com.azure.storage.blob.models.ParallelTransferOptions;
import com.azure.storage.blob.options.BlobParallelUploadOptions;
import com.azure.storage.blob.options.BlobQueryOptions;
import com.azure.storage.blob.sas.BlobSasPermission;
import com.azure.storage.blob.sas.BlobServiceSasSignatureValues;
import com.azure.storage.blob.specialized.BlobLeaseClientBuilder;
import com.azure.storage.blob.BlobClientBuilder;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

public final class Main {
  private static final BlobServiceClient SERVICE = new BlobServiceClientBuilder()
      .connectionString(System.getenv("AZURE_STORAGE_CONNECTION_STRING"))
      .retryOptions(new RequestRetryOptions(RetryPolicyType.FIXED, 1, 60, null, null, null)).buildClient();

  private interface Body {
    void run(BlobContainerClient container) throws Exception;
  }

  private static void equal(Object found, Object wanted) {
    if (!wanted.equals(found)) throw new AssertionError("found " + found + ", wanted " + wanted);
  }

  private static void same(byte[] found, byte[] wanted) {
    if (!Arrays.equals(found, wanted)) throw new AssertionError("other content came back");
  }

  private static void refused(Runnable work, int status, String code) {
    try {
      work.run();
    } catch (BlobStorageException problem) {
      equal(problem.getStatusCode() + " " + problem.getErrorCode(), status + " " + code);
      return;
    }
    throw new AssertionError(code + " was expected");
  }

  private static byte[] random(int size) {
    byte[] data = new byte[size];
    new Random(size).nextBytes(data);
    return data;
  }

  private static Map<String, Body> tests() {
    Map<String, Body> tests = new LinkedHashMap<>();
    for (int size : new int[] {0, 1, 4 << 20, (8 << 20) + 1}) {
      tests.put("upload and download of " + size, container -> {
        var blob = container.getBlobClient("blob");
        blob.upload(BinaryData.fromBytes(random(size)));
        equal(blob.getProperties().getBlobSize(), (long) size);
        same(blob.downloadContent().toBytes(), random(size));
      });
    }
    tests.put("parallel blocks", container -> {
      byte[] data = random((66 << 20) + 3);
      var blob = container.getBlobClient("big");
      blob.uploadWithResponse(new BlobParallelUploadOptions(new ByteArrayInputStream(data)).setParallelTransferOptions(
          new ParallelTransferOptions().setBlockSizeLong(4L << 20).setMaxConcurrency(4).setMaxSingleUploadSizeLong(1L << 20)), null, null);
      same(blob.downloadContent().toBytes(), data);
    });
    tests.put("ranges", container -> {
      byte[] data = random(100_000);
      var blob = container.getBlobClient("ranges");
      blob.upload(BinaryData.fromBytes(data));
      var out = new ByteArrayOutputStream();
      blob.downloadStreamWithResponse(out, new BlobRange(16383, 2L), null, null, true, null, null);
      same(out.toByteArray(), Arrays.copyOfRange(data, 16383, 16385));
    });
    tests.put("headers and metadata", container -> {
      var blob = container.getBlobClient("headers");
      blob.upload(BinaryData.fromString("x"));
      blob.setHttpHeaders(new BlobHttpHeaders().setContentType("text/plain").setContentLanguage("fr"));
      blob.setMetadata(Map.of("only", "this"));
      equal(blob.getProperties().getContentLanguage(), "fr");
      equal(blob.getProperties().getMetadata(), Map.of("only", "this"));
    });
    tests.put("listing and odd names", container -> {
      List<String> names = new ArrayList<>(List.of("100%", "a b+c", "a//b", "dir/1", "dir/2", "rocket-🚀", "what?", "été"));
      for (String name : names) container.getBlobClient(name).upload(BinaryData.fromString(name));
      List<String> found = new ArrayList<>();
      container.listBlobs().iterableByPage(3).forEach(page -> page.getElements().forEach(item -> found.add(item.getName())));
      found.sort(null);
      names.sort(null);
      equal(found, names);
      equal(container.listBlobsByHierarchy("dir/").stream().map(BlobItem::getName).toList(), List.of("dir/1", "dir/2"));
    });
    tests.put("conditions and leases", container -> {
      var blob = container.getBlobClient("guarded");
      blob.upload(BinaryData.fromString("first"));
      refused(() -> blob.upload(BinaryData.fromString("second")), 409, "BlobAlreadyExists");
      refused(() -> blob.deleteWithResponse(null, new BlobRequestConditions().setIfMatch("\"0x1\""), null, null), 412, "ConditionNotMet");
      var lease = new BlobLeaseClientBuilder().blobClient(blob).buildClient();
      lease.acquireLease(15);
      refused(() -> blob.upload(BinaryData.fromString("third"), true), 412, "LeaseIdMissing");
      lease.releaseLease();
      blob.upload(BinaryData.fromString("fourth"), true);
    });
    tests.put("copy and link", container -> {
      var source = container.getBlobClient("source");
      source.upload(BinaryData.fromString("content"));
      var target = container.getBlobClient("target");
      target.beginCopy(source.getBlobUrl(), null).waitForCompletion();
      equal(target.downloadContent().toString(), "content");
      String link = source.generateSas(new BlobServiceSasSignatureValues(OffsetDateTime.now().plusHours(1),
          new BlobSasPermission().setReadPermission(true)));
      var reader = new BlobClientBuilder().endpoint(source.getBlobUrl() + "?" + link).buildClient();
      equal(reader.downloadContent().toString(), "content");
      refused(reader::delete, 403, "AuthorizationPermissionMismatch");
    });
    tests.put("batch", container -> {
      List<String> urls = new ArrayList<>();
      for (String name : List.of("a", "b c", "d/é")) {
        var blob = container.getBlobClient(name);
        blob.upload(BinaryData.fromString("x"));
        urls.add(blob.getBlobUrl());
      }
      var client = new BlobBatchClientBuilder(SERVICE).buildClient();
      List<Integer> answers = new ArrayList<>();
      client.deleteBlobs(urls, DeleteSnapshotsOptionType.INCLUDE).forEach(answer -> answers.add(answer.getStatusCode()));
      equal(answers, List.of(202, 202, 202));
      equal(container.listBlobs().stream().count(), 0L);
      try {
        client.deleteBlobs(urls, null).forEach(answer -> { });
        throw new AssertionError("blobs that are gone were deleted");
      } catch (BlobBatchStorageException problem) {
        for (BlobStorageException one : problem.getBatchExceptions()) equal(one.getStatusCode() + " " + one.getErrorCode(), "404 BlobNotFound");
      }
    });
    tests.put("a query over the rows of a blob", container -> {
      var blob = container.getBlobClient("rows.csv").getBlockBlobClient();
      var rows = new StringBuilder("Name,Age\n");
      for (int i = 0; i < 100_000; i++) rows.append('n').append(i).append(',').append(i % 100).append('\n');
      blob.upload(BinaryData.fromString(rows.toString()));
      var named = new BlobQueryDelimitedSerialization().setRecordSeparator('\n').setColumnSeparator(',').setFieldQuote('"').setHeadersPresent(true);
      var json = new BlobQueryJsonSerialization().setRecordSeparator('\n');
      var out = new ByteArrayOutputStream();
      blob.queryWithResponse(new BlobQueryOptions("SELECT Name FROM BlobStorage WHERE Age = 7 LIMIT 2", out)
          .setInputSerialization(named).setOutputSerialization(json), null, null);
      equal(out.toString(), "{\"Name\":\"n7\"}\n{\"Name\":\"n107\"}\n");
      refused(() -> blob.query(new ByteArrayOutputStream(), "SELECT"), 400, "ErrorProcessingQueryExpression");
    });
    return tests;
  }

  public static void main(String[] arguments) {
    int passed = 0;
    int failed = 0;
    for (var test : tests().entrySet()) {
      var container = SERVICE.createBlobContainer("java-" + UUID.randomUUID());
      try {
        test.getValue().run(container);
        System.out.println("✓ " + test.getKey());
        passed++;
      } catch (Throwable problem) {
        System.out.println("✗ " + test.getKey());
        problem.printStackTrace(System.out);
        failed++;
      } finally {
        container.delete();
      }
    }
    System.out.println(passed + " passed, " + failed + " failed");
    System.exit(failed > 0 ? 1 : 0);
  }
}
