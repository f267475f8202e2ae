// An ordinary program: asks for what a role may allow, makes user delegation SAS, and uses them. Nothing in it knows Bascule.
import com.azure.core.util.BinaryData;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.BlobClientBuilder;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.blob.BlobServiceClient;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.blob.models.BlobStorageException;
import com.azure.storage.blob.models.UserDelegationKey;
import com.azure.storage.blob.sas.BlobContainerSasPermission;
import com.azure.storage.blob.sas.BlobSasPermission;
import com.azure.storage.blob.sas.BlobServiceSasSignatureValues;
import java.time.OffsetDateTime;
import java.util.Map;

public class Delegate {
    static void attempt(String what, Runnable action) {
        try {
            action.run();
            System.out.println(what + ": ok");
        } catch (BlobStorageException refused) {
            System.out.println(what + ": " + refused.getErrorCode());
            if (System.getenv("SHOW") != null) refused.printStackTrace();
        } catch (RuntimeException failed) {
            System.out.println(what + ": " + failed.getClass().getSimpleName());
            if (System.getenv("SHOW") != null) failed.printStackTrace();
        }
    }

    public static void main(String[] arguments) {
        String url = System.getenv("BLOB_URL"), account = System.getenv("ACCOUNT"), name = System.getenv("CONTAINER");
        BlobServiceClient service = new BlobServiceClientBuilder().endpoint(url)
            .credential(new DefaultAzureCredentialBuilder().build()).buildClient();
        BlobContainerClient container = service.getBlobContainerClient(name);
        BlobClient blob = container.getBlobClient("dir/b");
        OffsetDateTime soon = OffsetDateTime.now().plusMinutes(30);
        attempt("list containers", () -> service.listBlobContainers().forEach(one -> { }));
        attempt("list blobs", () -> container.listBlobs().forEach(one -> { }));
        attempt("read", blob::downloadContent);
        attempt("write", () -> container.getBlobClient("by-java").upload(BinaryData.fromString("java"), true));
        attempt("set tags", () -> blob.setTags(Map.of("a", "b")));
        attempt("get acl", container::getAccessPolicy);
        attempt("delete", () -> container.getBlobClient("doomed").delete());
        attempt("create container", () -> service.createBlobContainer(name + "-java"));
        UserDelegationKey[] key = new UserDelegationKey[1];
        attempt("delegation key", () -> key[0] = service.getUserDelegationKey(OffsetDateTime.now().minusMinutes(1), soon));
        if (key[0] != null) {
            String read = blob.generateUserDelegationSas(new BlobServiceSasSignatureValues(soon, BlobSasPermission.parse("r"))
                .setContentType("text/plain"), key[0], account, com.azure.core.util.Context.NONE);
            BlobClient reader = new BlobClientBuilder().endpoint(url + "/" + name + "/dir/b?" + read).buildClient();
            attempt("SAS read", reader::downloadContent);
            attempt("SAS write with a read SAS", () -> reader.upload(BinaryData.fromString("x"), true));
            String write = container.getBlobClient("sas-java").generateUserDelegationSas(
                new BlobServiceSasSignatureValues(soon, BlobSasPermission.parse("cw")), key[0], account, com.azure.core.util.Context.NONE);
            attempt("SAS write", () -> new BlobClientBuilder().endpoint(url + "/" + name + "/sas-java?" + write).buildClient()
                .upload(BinaryData.fromString("x"), true));
            String all = container.generateUserDelegationSas(
                new BlobServiceSasSignatureValues(soon, BlobContainerSasPermission.parse("rl")), key[0], account, com.azure.core.util.Context.NONE);
            attempt("SAS container", () -> new BlobContainerClientBuilder().endpoint(url + "/" + name + "?" + all).buildClient()
                .listBlobs().forEach(one -> { }));
        }
        System.exit(0);
    }
}
